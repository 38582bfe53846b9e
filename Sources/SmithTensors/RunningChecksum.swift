import SmithBytes

/// The stored checksum of a tensor that is read from front to back, taken piece by piece as it passes: a pass less over the file.
public struct RunningChecksum: Sendable {
  private var sum: Checksum
  private let check: @Sendable (UInt32) throws(SmithError) -> Void

  /// `sum` has what stands before the tensor under the same checksum; `check` throws `.checksum` where a value is not the stored one.
  public init(_ sum: Checksum, check: @escaping @Sendable (UInt32) throws(SmithError) -> Void) {
    self.sum = sum
    self.check = check
  }

  /// The next bytes of the tensor, as they were read.
  public mutating func update(_ bytes: RawSpan) { sum.update(bytes) }

  /// After the last byte: `.checksum` where the file is damaged.
  public func finish() throws(SmithError) { try check(sum.value) }
}
