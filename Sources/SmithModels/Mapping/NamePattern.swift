/// A whole name with numbered places in it: `bert/encoder/layer_{b}/output/dense/bias`. Matching is on whole names; a place takes a
/// decimal number without leading zeros and nothing else.
public struct NamePattern: Hashable, Sendable {
  private enum Segment: Hashable, Sendable {
    case text(String)
    case place(String)
  }

  public let text: String
  private let segments: [Segment]

  public init(_ text: String) {
    self.text = text
    var segments: [Segment] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      if open > rest.startIndex { segments.append(.text(String(rest[..<open]))) }
      segments.append(.place(String(rest[rest.index(after: open)..<close])))
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { segments.append(.text(String(rest))) }
    self.segments = segments
  }

  /// The names of the places: `b`, or `g` and `k`.
  public var places: [String] {
    segments.compactMap { if case .place(let name) = $0 { name } else { nil } }
  }

  /// The name with the places filled in.
  public func filled(with values: [String: Int]) -> String {
    segments.map { segment in
      switch segment {
      case .text(let text): text
      case .place(let name): values[name].map(String.init) ?? "{\(name)}"
      }
    }.joined()
  }

  /// The values of the places if `name` is of this pattern, nil if not.
  public func match(_ name: String) -> [String: Int]? {
    var values: [String: Int] = [:]
    var rest = name.utf8[...]
    for segment in segments {
      switch segment {
      case .text(let text):
        guard rest.starts(with: text.utf8) else { return nil }
        rest = rest.dropFirst(text.utf8.count)
      case .place(let place):
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard let text = String(digits), let value = Int(text), digits.count <= 6,
          digits.count == 1 || digits.first != 0x30
        else { return nil }
        values[place] = value
        rest = rest.dropFirst(digits.count)
      }
    }
    return rest.isEmpty ? values : nil
  }

  /// The pattern with every run of digits and every place written as `#`: an index key that a name and its pattern share.
  var skeleton: String {
    Self.skeleton(of: segments.map { if case .text(let text) = $0 { text } else { "0" } }.joined())
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
