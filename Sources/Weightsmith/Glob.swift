/// A pattern with `*` (any run, dots included) and `?` (one character), matched against a whole name.
public struct Glob: Hashable, Sendable {
  public let pattern: String

  public init(_ pattern: String) { self.pattern = pattern }

  /// Linear in name × pattern: one place to go back to, no recursion.
  public func matches(_ name: String) -> Bool {
    let (pattern, text) = (Array(pattern), Array(name))
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let back = star {
        star = (back.pattern, back.text + 1)
        (p, t) = (back.pattern + 1, back.text + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
