import SmithBytes

/// `TensorShapeProto`: `2 dim { 1 size }` per dimension, `3 unknown_rank` (formats §2.3).
enum TensorShape {
  /// The dimensions; `.malformed` for a negative or unknown one, `.limit` beyond 16.
  static func parse(_ message: ProtobufReader) throws(SmithError) -> [Int] {
    var message = message
    var shape: [Int] = []
    while let field = try message.next() {
      let place = Place(offset: field.position)
      switch field.number {
      case 2:
        var dimension = try field.message()
        var size: Int64 = 0  // proto3 leaves a zero out
        while let part = try dimension.next() {
          if part.number == 1 { size = try part.int64() }
        }
        guard size >= 0 else {
          throw SmithError(.malformed, "a dimension of \(size)", at: place)
        }
        guard shape.count < BundleLimits.rank else {
          throw SmithError(.limit, "more than \(BundleLimits.rank) dimensions", at: place)
        }
        shape.append(Int(size))
      case 3 where try field.unsigned() != 0:
        throw SmithError(.malformed, "a tensor of unknown rank", at: place)
      default: continue
      }
    }
    return shape
  }

  static func write(_ shape: [Int], to message: inout ProtobufWriter) {
    for size in shape { message.message(2) { $0.varint(1, size) } }
  }
}
