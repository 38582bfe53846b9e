import SmithBytes

/// What `Replace` looks for in a text: a text, or one of the few expressions that tokenizers' files have.
enum ReplacedPattern: Hashable, Sendable {
  case text(String)
  /// So many spaces and more.
  case spaces(Int)
  /// So much white space and more.
  case whiteSpace(Int)

  /// `{"String": " "}` or `{"Regex": " {2,}"}`.
  ///
  /// - Throws: `.unsupported` for an expression that is not in the table.
  init(_ json: JSON?) throws(SmithError) {
    if let text = json?["String"]?.stringValue, !text.isEmpty {
      guard text.utf8.count <= Vocabulary.lengthLimit else {
        throw SmithError(.limit, "a pattern of \(text.utf8.count) bytes")
      }
      self = .text(text)
      return
    }
    guard let expression = json?["Regex"]?.stringValue else {
      throw SmithError(.malformed, "Replace: no pattern")
    }
    guard let known = Self.expressions.first(where: { $0.0 == expression }) else {
      throw SmithError(
        .unsupported, "Replace: the expression \(expression)",
        remedy: "known: " + Self.expressions.map(\.0).joined(separator: ", "))
    }
    self = known.1
  }

  private static let expressions: [(String, ReplacedPattern)] = [
    (" {2,}", .spaces(2)), (" +", .spaces(1)), (#"\s+"#, .whiteSpace(1)),
    (#"\s{2,}"#, .whiteSpace(2)),
  ]

  /// How many code points it takes at least.
  var least: Int {
    switch self {
    case .text(let text): text.unicodeScalars.count
    case .spaces(let least), .whiteSpace(let least): least
    }
  }

  /// Whether it can begin with a code point.
  @inline(__always)
  func begins(with scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .text(let text): text.unicodeScalars.first == scalar
    case .spaces: scalar == " "
    case .whiteSpace: scalar.isWhiteSpace
    }
  }

  /// How many scalars it takes from the beginning; 0 for none.
  func length(in rest: some Sequence<Unicode.Scalar>) -> Int {
    switch self {
    case .text(let text):
      var count = 0
      var scalars = rest.makeIterator()
      for wanted in text.unicodeScalars {
        guard scalars.next() == wanted else { return 0 }
        count += 1
      }
      return count
    case .spaces(let least): return run(rest, least) { $0 == " " }
    case .whiteSpace(let least): return run(rest, least, \.isWhiteSpace)
    }
  }

  private func run(
    _ rest: some Sequence<Unicode.Scalar>, _ least: Int, _ matches: (Unicode.Scalar) -> Bool
  ) -> Int {
    var count = 0
    for scalar in rest {
      guard matches(scalar) else { break }
      count += 1
    }
    return count < least ? 0 : count
  }
}

/// Replaces what a pattern finds: a step before the model, or one after it.
struct Replacing: Normalizer, TokenDecoder, Hashable {
  let pattern: ReplacedPattern
  let content: String

  init(pattern: ReplacedPattern, content: String) {
    self.pattern = pattern
    self.content = content
  }

  init(_ json: JSON) throws(SmithError) {
    guard let content = json["content"]?.stringValue else {
      throw SmithError(.malformed, "Replace: no content")
    }
    self.init(pattern: try ReplacedPattern(json["pattern"]), content: content)
  }

  var growth: Int {
    let (from, to) = (pattern.least, content.unicodeScalars.count)
    return max(1, (to + from - 1) / from)
  }

  func normalize(_ text: inout AlignedText) {
    guard var index = text.firstIndex(where: { pattern.begins(with: $0.scalar) }) else { return }
    var result = Array(text[..<index])
    result.reserveCapacity(text.count)
    while index < text.count {
      let length = pattern.length(in: text[index...].lazy.map(\.scalar))
      guard length > 0 else {
        result.append(text[index])
        index += 1
        continue
      }
      // As in Hugging Face's tokenizers: what comes instead stands where the last of them stood.
      let last = text[index + length - 1]
      for scalar in content.unicodeScalars {
        result.append(AlignedScalar(scalar, last.start, last.end))
      }
      index += length
    }
    text = result
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.map { token in
      var text = AlignedText(of: token)
      normalize(&text)
      return text.string
    }
  }
}
