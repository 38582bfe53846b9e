/// Arithmetic on numbers that came out of a file: overflow is an error with a place, never a trap.
extension Int {
  /// `self + other`, or `.limit` when the sum leaves 64 bits.
  public func adding(checked other: Int) throws(SmithError) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    if overflow { throw SmithError(.limit, "\(self) + \(other) does not fit in 64 bits") }
    return sum
  }

  /// `self * other`, or `.limit` when the product leaves 64 bits.
  public func multiplied(checked other: Int) throws(SmithError) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    if overflow { throw SmithError(.limit, "\(self) × \(other) does not fit in 64 bits") }
    return product
  }

  /// An integer of any width from a file as an `Int`, or `.limit`.
  public init(checked value: some BinaryInteger) throws(SmithError) {
    guard let exact = Int(exactly: value) else {
      throw SmithError(.limit, "\(value) does not fit in 63 bits")
    }
    self = exact
  }
}
