import SmithBytes

/// `BundleHeaderProto`, the value under the empty key (formats §2.3).
struct BundleHeader: Hashable, Sendable {
  var shards: Int
  /// The byte order of tensors. The index itself is always little endian.
  var isBigEndian = false

  init(shards: Int) { self.shards = shards }

  /// `.unsupported` for V1 checkpoints and layouts newer than ours, `.malformed` for an impossible number of shards or byte
  /// order, `.limit` for more than 100,000 shards.
  init(_ value: ByteCursor) throws(SmithError) {
    let place = Place(offset: value.position)
    var message = ProtobufReader(value)
    shards = 0
    while let field = try message.next() {
      switch field.number {
      case 1:
        // Under the empty key a V1 file has SavedTensorSlices, whose field 1 is a message.
        if case .bytes = field.value { throw Self.oldFormat(place) }
        shards = Int(try field.int32())
      case 2: isBigEndian = try Self.isBig(field)
      case 3: try VersionDef.check(try field.message())
      default: continue
      }
    }
    guard shards >= 1 else {
      throw SmithError(.malformed, "a bundle of \(shards) data files", at: place)
    }
    guard shards <= BundleLimits.shards else {
      throw SmithError(.limit, "a bundle of \(shards) data files", at: place)
    }
  }

  static func oldFormat(_ place: Place) -> SmithError {
    SmithError(
      .unsupported, "a TensorFlow V1 checkpoint under the name of a V2 index", at: place,
      remedy: "name the file itself")
  }

  private static func isBig(_ field: ProtobufField) throws(SmithError) -> Bool {
    switch try field.unsigned() {
    case 0: return false
    case 1: return true
    case let order:
      throw SmithError(.malformed, "byte order \(order)", at: Place(offset: field.position))
    }
  }

  var encoded: [UInt8] {
    var message = ProtobufWriter()
    message.varint(1, shards)
    message.varint(2, isBigEndian ? 1 : 0)
    message.message(3) { $0.varint(1, VersionDef.newest) }
    return message.bytes
  }
}
