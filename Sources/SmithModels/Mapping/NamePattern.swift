/// A whole name with places in it: `bert/encoder/layer_{b}/output/dense/bias`, `classification_heads.{@head}.dense.weight`. Matching is on
/// whole names. A place takes a decimal number without leading zeros and nothing else; one with `@` takes a name that somebody chose: text
/// up to the next `.` or `/`, at least one byte of it.
public struct NamePattern: Hashable, Sendable {
  private enum Segment: Hashable, Sendable {
    case text(String)
    case number(String)
    case word(String)
  }

  /// What stands in the places of a name.
  public struct Match: Hashable, Sendable {
    public var numbers: [String: Int] = [:]
    public var words: [String: String] = [:]
  }

  public let text: String
  private let segments: [Segment]

  public init(_ text: String) {
    self.text = text
    var segments: [Segment] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      if open > rest.startIndex { segments.append(.text(String(rest[..<open]))) }
      let name = rest[rest.index(after: open)..<close]
      segments.append(
        name.hasPrefix("@") ? .word(String(name.dropFirst())) : .number(String(name)))
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { segments.append(.text(String(rest))) }
    self.segments = segments
  }

  /// The names of the numbered places: `b`, or `g` and `k`.
  public var places: [String] {
    segments.compactMap { if case .number(let name) = $0 { name } else { nil } }
  }

  /// The names of the places that take text.
  public var words: [String] {
    segments.compactMap { if case .word(let name) = $0 { name } else { nil } }
  }

  /// The name with the places filled in.
  public func filled(with numbers: [String: Int], words: [String: String] = [:]) -> String {
    segments.map { segment in
      switch segment {
      case .text(let text): text
      case .number(let name): numbers[name].map(String.init) ?? "{\(name)}"
      case .word(let name): words[name] ?? "{@\(name)}"
      }
    }.joined()
  }

  /// The numbers in the places if `name` is of this pattern, nil if not.
  public func match(_ name: String) -> [String: Int]? { matching(name)?.numbers }

  /// What stands in the places if `name` is of this pattern, nil if not.
  public func matching(_ name: String) -> Match? {
    var match = Match()
    var rest = name.utf8[...]
    for segment in segments {
      switch segment {
      case .text(let text):
        guard rest.starts(with: text.utf8) else { return nil }
        rest = rest.dropFirst(text.utf8.count)
      case .number(let place):
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard let text = String(digits), let value = Int(text), digits.count <= 6,
          digits.count == 1 || digits.first != 0x30
        else { return nil }
        match.numbers[place] = value
        rest = rest.dropFirst(digits.count)
      case .word(let place):
        // Separators are ASCII, so that a part between two of them is whole characters.
        let part = rest.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "/") }
        guard !part.isEmpty, let word = String(part) else { return nil }
        match.words[place] = word
        rest = rest.dropFirst(part.count)
      }
    }
    return rest.isEmpty ? match : nil
  }

  /// The pattern with every run of digits and every numbered place written as `#`: an index key that a name and its pattern share. Nil for
  /// patterns that take text, whose names share nothing.
  var skeleton: String? {
    guard words.isEmpty else { return nil }
    return Self.skeleton(
      of: segments.map { if case .text(let text) = $0 { text } else { "0" } }.joined())
  }

  static func skeleton(of name: String) -> String {
    var result: [UInt8] = []
    for byte in name.utf8 {
      if !(0x30...0x39).contains(byte) {
        result.append(byte)
      } else if result.last != 0x23 {
        result.append(0x23)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
