extension [UInt8] {
  /// An array of `count` bytes that `fill` writes in full: the zeros that would be overwritten at once are not written first.
  ///
  /// Where `fill` throws, the array is not made.
  public init(
    count: Int, filledBy fill: (inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) {
    var failure: SmithError?
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      var span = MutableRawSpan(
        _unsafeBytes: UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      do throws(SmithError) {
        try fill(&span)
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
  }
}
