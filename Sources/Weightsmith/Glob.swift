/// A pattern with `*` (any run, dots included) and `?` (one character), matched against a whole name.
public struct Glob: Hashable, Sendable {
  public let pattern: String
  private let bytes: [UInt8]

  public init(_ pattern: String) {
    self.pattern = pattern
    bytes = Array(pattern.utf8)
  }

  /// Linear in name × pattern: one place to go back to, no recursion.
  public func matches(_ name: String) -> Bool {
    if bytes == [UInt8(ascii: "*")] { return true }
    let text = Array(name.utf8)
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < bytes.count, bytes[p] == UInt8(ascii: "*") {
        star = (p, t)
        p += 1
      } else if p < bytes.count, bytes[p] == UInt8(ascii: "?") {
        p += 1
        t = Self.nextCharacter(in: text, after: t)
      } else if p < bytes.count, bytes[p] == text[t] {
        p += 1
        t += 1
      } else if let back = star {
        star = (back.pattern, back.text + 1)
        (p, t) = (back.pattern + 1, back.text + 1)
      } else {
        return false
      }
    }
    return bytes[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  /// Past the continuation bytes of UTF-8.
  private static func nextCharacter(in text: [UInt8], after index: Int) -> Int {
    var next = index + 1
    while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }
}
