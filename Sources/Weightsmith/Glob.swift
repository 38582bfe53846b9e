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

  /// What each `*` stands for in a name that matches, each but the last as short as can be; nil for one that does not match.
  func captures(_ name: String) -> [String]? {
    guard matches(name) else { return nil }
    let text = Array(name.utf8)
    let pieces = bytes.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
    var (captures, position): ([String], Int) = ([], 0)
    for (index, piece) in pieces.enumerated() {
      if index == 0 {
        position = Self.end(of: piece, in: text, at: 0) ?? 0
        continue
      }
      // The last piece ends where the name does.
      let candidates = position...text.count
      let start = candidates.first { start in
        let end = Self.end(of: piece, in: text, at: start)
        return index == pieces.count - 1 ? end == text.count : end != nil
      }
      guard let start, let end = Self.end(of: piece, in: text, at: start) else { return nil }
      captures.append(String(decoding: text[position..<start], as: UTF8.self))
      position = end
    }
    return captures
  }

  /// Behind a piece without `*` that stands in the text at `start`; nil where it does not.
  private static func end(of piece: ArraySlice<UInt8>, in text: [UInt8], at start: Int) -> Int? {
    var position = start
    for byte in piece {
      guard position < text.count, byte == UInt8(ascii: "?") || byte == text[position] else {
        return nil
      }
      position =
        byte == UInt8(ascii: "?") ? nextCharacter(in: text, after: position) : position + 1
    }
    return position
  }

  /// Past the continuation bytes of UTF-8.
  private static func nextCharacter(in text: [UInt8], after index: Int) -> Int {
    var next = index + 1
    while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }
}
