import SmithBytes

/// What SentencePiece does to a text before it looks for pieces: characters by the model's map, white space by its flags, and every
/// space made visible as `▁` (models §13.4; sentencepiece/src/normalizer.cc).
struct SentencePieceNormalizer: Normalizer {
  /// Where a space is added that no text has.
  enum Prefix: Sendable { case none, front, back }

  var charsmap: PrecompiledCharsmap?
  /// Pieces that stay as they are, whatever the map says.
  var verbatim: CompactTrie?
  var prefix = Prefix.front
  var removesExtraSpaces = true
  /// Leaves a space at the beginning where others go: the text goes on from a token. Other white space goes all the same.
  var keepsFirstSpace = false
  var escapesSpaces = true

  init(_ spec: ModelProto.NormalizerSpec, treatsSpaceAsSuffix: Bool) throws(SmithError) {
    if !spec.charsmap.isEmpty { charsmap = try PrecompiledCharsmap(spec.charsmap) }
    prefix = !spec.addsPrefix ? .none : treatsSpaceAsSuffix ? .back : .front
    removesExtraSpaces = spec.removesExtraSpaces
    escapesSpaces = spec.escapesSpaces
  }

  /// Whether a space that is added in front of the text, as `▁`, becomes one with those that are there.
  var joinsFirstSpace: Bool {
    removesExtraSpaces
      && charsmap?.longest(in: [AlignedScalar(ScoredPieces.space, 0, 1)], at: 0)?.replacement == [
        " "
      ]
  }

  func normalize(_ text: inout AlignedText) {
    var result = Result(space: escapesSpaces ? ScoredPieces.space : " ")
    result.text.reserveCapacity(text.count + 8)
    let trims = removesExtraSpaces && !(keepsFirstSpace && text.first?.scalar.isSpaceOrMark == true)
    var start = 0
    if trims {
      while start < text.count, let end = endOfSpace(in: text, at: start) { start = end }
    }
    guard start < text.count else {
      text = []
      return
    }
    if prefix == .front { result.append(" ", text[start].start, text[start].start) }
    result.isAfterSpace = trims
    while start < text.count { start = step(in: text, at: start, &result) }
    if removesExtraSpaces {
      while result.text.last?.scalar == result.space { result.text.removeLast() }
    }
    if prefix == .back, let place = result.text.last?.end ?? text.last?.end {
      result.append(" ", place, place)
    }
    text = result.text
  }

  private struct Result {
    let space: Unicode.Scalar
    var text: AlignedText = []
    var isAfterSpace = false

    init(space: Unicode.Scalar) { self.space = space }

    @inline(__always)
    mutating func append(_ scalar: Unicode.Scalar, _ start: Int32, _ end: Int32) {
      text.append(AlignedScalar(scalar == " " ? space : scalar, start, end))
    }

    /// Appends what stands for a stretch of the source; spaces at its beginning go after a space.
    mutating func append(
      _ scalars: some Sequence<Unicode.Scalar>, from source: Word, collapsing: Bool
    ) {
      guard let start = source.first?.start, let end = source.last?.end else { return }
      var isAtStart = true
      for scalar in scalars {
        if isAtStart, isAfterSpace, scalar == " " { continue }
        isAtStart = false
        append(scalar, start, end)
      }
      if !isAtStart { isAfterSpace = collapsing && endsInSpace(scalars) }
    }

    private func endsInSpace(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
      var last: Unicode.Scalar?
      for scalar in scalars { last = scalar }
      return last == " "
    }
  }

  /// Takes the next stretch over into the result, and returns where it ends.
  private func step(in text: AlignedText, at start: Int, _ result: inout Result) -> Int {
    if let end = endOfVerbatim(in: text, at: start) {
      for element in text[start..<end] {
        if result.isAfterSpace, element.scalar == " " { continue }
        result.append(element.scalar, element.start, element.end)
        result.isAfterSpace = false
      }
      result.isAfterSpace = removesExtraSpaces && text[end - 1].scalar == " "
      return end
    }
    if let (end, replacement) = charsmap?.longest(in: text, at: start) {
      result.append(replacement, from: text[start..<end], collapsing: removesExtraSpaces)
      return end
    }
    let element = text[start]
    if element.scalar == " ", result.isAfterSpace { return start + 1 }
    result.append(element.scalar, element.start, element.end)
    result.isAfterSpace = removesExtraSpaces && element.scalar == " "
    return start + 1
  }

  /// The end of what becomes one space, if it does.
  private func endOfSpace(in text: AlignedText, at start: Int) -> Int? {
    if let end = endOfVerbatim(in: text, at: start) {
      return end == start + 1 && text[start].scalar == " " ? end : nil
    }
    if let (end, replacement) = charsmap?.longest(in: text, at: start) {
      return replacement.count == 1 && replacement.first == " " ? end : nil
    }
    return text[start].scalar == " " ? start + 1 : nil
  }

  private func endOfVerbatim(in text: AlignedText, at start: Int) -> Int? {
    verbatim?.longest(in: text[start...])
  }
}

extension Unicode.Scalar {
  fileprivate var isSpaceOrMark: Bool { self == " " || self == ScoredPieces.space }
}
