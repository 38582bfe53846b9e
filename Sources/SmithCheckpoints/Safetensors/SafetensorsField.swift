import SmithBytes
import SmithTensors

/// The fields of one tensor in the header: `{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}`.
struct SafetensorsField {
  var dtype: DType?
  var shape: [Int]?
  var offsets: (begin: Int, end: Int)?

  /// The tensor that follows, its size checked against its shape, and where it begins in the data buffer.
  static func tensor(
    named name: String, _ scanner: inout JSONScanner
  ) throws(SmithError) -> (TensorInfo, begin: Int) {
    let start = scanner.position
    let fields = if let usual = scanner.glance(usual) { usual } else { try any(&scanner) }
    guard let dtype = fields.dtype, let shape = fields.shape, let offsets = fields.offsets else {
      throw scanner.error(.malformed, "dtype, shape or data_offsets is missing", at: start)
    }
    let info = try TensorInfo(name: name, dtype: dtype, shape: shape)
    try checkDimensions(shape)
    guard offsets.begin <= offsets.end, offsets.end - offsets.begin == info.byteCount else {
      throw scanner.error(
        .mismatch,
        "shape \(shape) of \(dtype.rawValue) takes \(info.byteCount) bytes, "
          + "data_offsets are [\(offsets.begin), \(offsets.end)]", at: start)
    }
    return (info, offsets.begin)
  }

  /// The fields in any spelling that JSON allows.
  private static func any(_ scanner: inout JSONScanner) throws(SmithError) -> SafetensorsField {
    guard try scanner.peek() == .object else {
      throw scanner.error(.malformed, "a tensor must be an object")
    }
    var fields = SafetensorsField()
    try scanner.beginObject()
    while let key = try scanner.nextKey() { try fields.read(key, &scanner) }
    return fields
  }

  private mutating func read(_ key: String, _ scanner: inout JSONScanner) throws(SmithError) {
    switch key {
    case "dtype":
      try once(dtype == nil, key, scanner)
      let start = scanner.position
      let name = try scanner.string()
      guard let known = DType(safetensors: name) else {
        throw scanner.error(.unsupported, "the dtype \"\(name)\" is unknown", at: start)
      }
      dtype = known
    case "shape":
      try once(shape == nil, key, scanner)
      shape = try Self.dimensions(&scanner)
    case "data_offsets":
      try once(offsets == nil, key, scanner)
      offsets = try Self.pair(&scanner)
    default: try scanner.skipValue()
    }
  }

  private func once(_ isFirst: Bool, _ key: String, _ scanner: JSONScanner) throws(SmithError) {
    if !isFirst { throw scanner.error(.mismatch, "\(key) stands twice") }
  }

  private static func dimensions(_ scanner: inout JSONScanner) throws(SmithError) -> [Int] {
    var shape: [Int] = []
    try scanner.beginArray()
    while try scanner.nextElement() {
      guard shape.count < SafetensorsHeader.maxRank else {
        throw scanner.error(.limit, "more than \(SafetensorsHeader.maxRank) dimensions")
      }
      shape.append(try scanner.unsignedInteger())
    }
    return shape
  }

  private static func pair(
    _ scanner: inout JSONScanner
  ) throws(SmithError) -> (begin: Int, end: Int) {
    try scanner.beginArray()
    var offsets = (0, 0)
    for index in 0..<2 {
      guard try scanner.nextElement() else {
        throw scanner.error(.malformed, "two data_offsets expected")
      }
      let offset = try scanner.unsignedInteger()
      if index == 0 { offsets.0 = offset } else { offsets.1 = offset }
    }
    if try scanner.nextElement() { throw scanner.error(.malformed, "two data_offsets expected") }
    return offsets
  }

  /// A 0 among the dimensions must not hide others whose product leaves 64 bits: the crate lets `[0, 2^62, 2^62]` pass, and
  /// whoever multiplies two of them overflows.
  private static func checkDimensions(_ shape: [Int]) throws(SmithError) {
    var product = 1
    for dimension in shape where dimension != 0 {
      product = try product.multiplied(checked: dimension)
    }
  }
}
