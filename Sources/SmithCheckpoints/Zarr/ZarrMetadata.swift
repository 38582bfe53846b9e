import SmithBytes
import SmithTensors

/// `.zarray`: what an array is and how it is cut into chunks (formats §6.3).
struct ZarrMetadata: Sendable {
  var shape: [Int]
  var chunks: [Int]
  var dtype: DType
  var isBigEndian: Bool
  /// What is around a chunk's bytes; nil for nothing.
  var wrapper: Inflate.Wrapper?
  var isFortran: Bool
  /// Between the indices in a chunk's file name.
  var separator: String
  /// An element of a chunk that is not there, little endian; nil for zeros.
  var fill: [UInt8]?

  /// From the file's JSON. `.unsupported` for what is valid and not read here, `.malformed` and `.limit` for the rest.
  init(_ json: JSON) throws(SmithError) {
    guard json["zarr_format"]?.intValue == 2 else {
      throw SmithError(.unsupported, "zarr_format is not 2", at: Place(item: "zarr_format"))
    }
    shape = try Self.dimensions(json, "shape", least: 0)
    chunks = try Self.dimensions(json, "chunks", least: 1)
    guard chunks.count == shape.count else {
      throw SmithError(.mismatch, "chunks of rank \(chunks.count) of shape \(shape)")
    }
    (dtype, isBigEndian) = try ZarrType.parse(json["dtype"])
    wrapper = try Self.wrapper(json["compressor"])
    if let filters = json["filters"]?.arrayValue, !filters.isEmpty {
      let names = filters.map { $0["id"]?.stringValue ?? "?" }.joined(separator: ", ")
      throw SmithError(
        .unsupported, "the filters \(names)", at: Place(item: "filters"), remedy: Self.remedy)
    }
    isFortran = try Self.choice(json, "order", ["C", "F"], default: "C") == "F"
    separator = try Self.choice(json, "dimension_separator", [".", "/"], default: ".")
    fill = try ZarrType.fill(json["fill_value"], dtype)
    try checkSizes()
  }

  private static let remedy = "write it again with gzip or no compressor, or save it as safetensors"

  private static func dimensions(
    _ json: JSON, _ key: String, least: Int
  ) throws(SmithError) -> [Int] {
    guard let list = json[key]?.arrayValue else {
      throw SmithError(.malformed, "no list of numbers", at: Place(item: key))
    }
    guard list.count <= ZarrLimits.rank else {
      throw SmithError(
        .limit, "more than \(ZarrLimits.rank) dimensions", at: Place(item: key))
    }
    var dimensions: [Int] = []
    for element in list {
      guard case .integer(let value) = element, value >= least else {
        throw SmithError(.malformed, "\(element.serialized()) as a size", at: Place(item: key))
      }
      dimensions.append(value)
    }
    return dimensions
  }

  private static func wrapper(_ json: JSON?) throws(SmithError) -> Inflate.Wrapper? {
    guard let json, !json.isNull else { return nil }
    switch json["id"]?.stringValue {
    case "gzip": return .gzip
    case "zlib": return .zlib
    case let other?:
      throw SmithError(
        .unsupported, "the compressor \(other)", at: Place(item: "compressor"), remedy: remedy)
    case nil:
      throw SmithError(.malformed, "a compressor without a name", at: Place(item: "compressor"))
    }
  }

  private static func choice(
    _ json: JSON, _ key: String, _ allowed: [String], default usual: String
  ) throws(SmithError) -> String {
    guard let value = json[key], !value.isNull else { return usual }
    guard let text = value.stringValue, allowed.contains(text) else {
      throw SmithError(.malformed, "\(value.serialized())", at: Place(item: key))
    }
    return text
  }

  private func checkSizes() throws(SmithError) {
    var grid = 1
    for (size, chunk) in zip(shape, chunks) {
      grid = try grid.multiplied(checked: max(1, (size - 1) / chunk + 1))
    }
    guard grid <= ZarrLimits.chunks else {
      throw SmithError(.limit, "\(grid) chunks, at most \(ZarrLimits.chunks) are read")
    }
    let bytes = try chunks.elementCount().multiplied(checked: max(1, dtype.width))
    // An uncompressed one in C order is read where it is needed, whatever its size.
    guard bytes <= ZarrLimits.chunkBytes || (wrapper == nil && !isFortran) else {
      throw SmithError(
        .limit, "chunks of \(bytes) bytes, at most \(ZarrLimits.chunkBytes) are read")
    }
  }
}
