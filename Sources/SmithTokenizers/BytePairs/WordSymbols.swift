import SmithBytes

/// The pieces that a word begins as, before any merge: one for each character, with what marks a word's beginning and end.
struct WordSymbols: Sendable {
  private let vocabulary: Vocabulary
  private let options: BytePairs.Options
  private let unknown: Int?
  /// The ids of `<0x00>` to `<0xFF>`, for bytes that have one.
  private let bytes: [Int?]
  /// Where pieces that do not begin a word begin, if there are any.
  private let inner: UInt32?
  /// Ids of the first code points, -1 for none, in each of the four places a character can have in a word.
  private let common: [Int32]

  /// All that byte-level vocabularies are made of.
  private static let commonCount: UInt32 = 512

  /// - Throws: `.missing` for an unknown token that is no piece.
  init(_ vocabulary: Vocabulary, _ options: BytePairs.Options) throws(SmithError) {
    self.vocabulary = vocabulary
    self.options = options
    unknown = options.unknown.flatMap { vocabulary.id(of: $0) }
    if let text = options.unknown, unknown == nil {
      throw SmithError(.missing, "the vocabulary has no \(text), which unk_token names")
    }
    bytes =
      options.fallsBackToBytes
      ? (UInt8.min...UInt8.max).map { vocabulary.id(of: $0.bytePiece) } : []
    inner = vocabulary.trie.node(from: PieceTrie.root, options.continuation.utf8)
    var common: [Int32] = []
    for place in 0..<4 {
      for value in 0..<Self.commonCount {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let start = place & 1 == 0 ? PieceTrie.root : inner
        let id = Self.find(scalar, from: start, place & 2 != 0, vocabulary, options)
        common.append(Int32(id ?? -1))
      }
    }
    self.common = common
  }

  /// Appends the pieces that a word begins as.
  func append(_ word: Word, to pieces: inout [Piece]) {
    // Unknown characters wait for what follows: they may grow.
    var waiting: Piece?
    let last = word.endIndex - 1
    for index in word.indices {
      let element = word[index]
      let isFirst = index == word.startIndex
      if let id = id(element.scalar, isFirst, index == last) {
        if let piece = waiting { pieces.append(piece) }
        waiting = nil
        pieces.append(Piece(id: id, start: element.start, end: element.end))
      } else if options.fallsBackToBytes,
        let ids = byteIDs(of: element.scalar, isFirst, index == last)
      {
        // Hugging Face's tokenizers leave what waits waiting.
        for id in ids { pieces.append(Piece(id: id, start: element.start, end: element.end)) }
      } else if let unknown {
        if options.fusesUnknown, let piece = waiting {
          waiting = Piece(id: unknown, start: piece.start, end: element.end)
        } else {
          if let piece = waiting { pieces.append(piece) }
          waiting = Piece(id: unknown, start: element.start, end: element.end)
        }
      }
    }
    if let piece = waiting { pieces.append(piece) }
  }

  @inline(__always)
  private func id(_ scalar: Unicode.Scalar, _ isFirst: Bool, _ isLast: Bool) -> Int? {
    guard scalar.value < Self.commonCount else {
      return Self.find(
        scalar, from: isFirst ? PieceTrie.root : inner, isLast, vocabulary, options)
    }
    let place = (isFirst ? 0 : 1) + (isLast ? 2 : 0)
    let id = common[place * Int(Self.commonCount) + Int(scalar.value)]
    return id < 0 ? nil : Int(id)
  }

  private static func find(
    _ scalar: Unicode.Scalar, from start: UInt32?, _ isLast: Bool, _ vocabulary: Vocabulary,
    _ options: BytePairs.Options
  ) -> Int? {
    guard let start, let node = vocabulary.trie.step(from: start, scalar) else { return nil }
    guard isLast else { return vocabulary.trie.id(at: node) }
    return vocabulary.trie.node(from: node, options.ending.utf8)
      .flatMap { vocabulary.trie.id(at: $0) }
  }

  /// The bytes of a character with what marks its place, where all have a piece.
  private func byteIDs(of scalar: Unicode.Scalar, _ isFirst: Bool, _ isLast: Bool) -> [Int]? {
    let text =
      (isFirst ? "" : options.continuation) + String(scalar) + (isLast ? options.ending : "")
    let ids = text.utf8.compactMap { bytes[Int($0)] }
    return ids.count == text.utf8.count ? ids : nil
  }
}
