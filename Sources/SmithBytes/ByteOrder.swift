#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension String {
  /// Whether this comes before `other` in the order of their UTF-8 bytes, which is also that of their code points. Swift's own
  /// `<` normalizes first.
  public func precedes(bytewise other: String) -> Bool {
    var (left, right) = (self, other)
    return left.withUTF8 { a in
      right.withUTF8 { b in
        guard let first = a.baseAddress, let second = b.baseAddress else {
          return a.count < b.count
        }
        let order = memcmp(first, second, min(a.count, b.count))
        return order == 0 ? a.count < b.count : order < 0
      }
    }
  }
}
