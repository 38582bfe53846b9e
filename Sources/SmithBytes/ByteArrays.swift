extension Array where Element: BitwiseCopyable {
  /// An array of `count` elements whose bytes `fill` writes in full: the zeros that would be overwritten at once are not written first.
  ///
  /// Every pattern of bits must be an element. Where `fill` throws, the array is not made.
  public init(
    count: Int, filledBy fill: (inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) {
    var failure: SmithError?
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)[..<(count * MemoryLayout<Element>.stride)]
      var span = MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: bytes))
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
