import SmithBytes
import SmithTensors

/// A model in several files `STEM-00001-of-00003.gguf`, each of which says which part it is.
struct GGUFSplit: Sendable {
  static let indexKey = "split.no"
  static let countKey = "split.count"
  static let tensorsKey = "split.tensors.count"
  static let keys: Set = [indexKey, countKey, tensorsKey]
  /// What five digits can count.
  static let maxCount = 99_999

  let count: Int
  /// From 0 on, where the names count from 1.
  let index: Int
  private let tensors: Int?
  private let prefix: String

  /// Nil for a file that stands alone. `.mismatch` when the name is not that of the part the file says it is.
  init?(_ metadata: ContainerMetadata, path: String) throws(SmithError) {
    let place = Place(file: path, item: Self.countKey)
    guard let value = metadata.value(Self.countKey) else { return nil }
    guard let count = value.intValue, (0...Self.maxCount).contains(count) else {
      throw SmithError(.malformed, "\(value.text) parts", at: place)
    }
    if count <= 1 { return nil }
    guard let index = metadata.value(Self.indexKey)?.intValue, (0..<count).contains(index) else {
      throw SmithError(
        .malformed, "part \(metadata[Self.indexKey] ?? "of no number") of \(count)",
        at: Place(file: path, item: Self.indexKey))
    }
    let ending = Sharding.suffix(index, of: count) + ".gguf"
    guard path.lastComponent.hasSuffix(ending) else {
      throw SmithError(
        .mismatch, "the file says that it is part \(index + 1) of \(count)", at: Place(file: path),
        remedy: "give the parts their names STEM\(ending)")
    }
    self.count = count
    self.index = index
    tensors = metadata.value(Self.tensorsKey)?.intValue
    prefix = String(path.dropLast(ending.count))
  }

  func path(of index: Int) -> String { prefix + Sharding.suffix(index, of: count) + ".gguf" }

  /// The parts together must have as many tensors as each says.
  func check(tensors found: Int, path: String) throws(SmithError) {
    guard tensors == nil || tensors == found else {
      throw SmithError(
        .mismatch, "\(found) tensors in \(count) parts, \(tensors ?? 0) were split",
        at: Place(file: path, item: Self.tensorsKey))
    }
  }

  /// The entries of a part, of the types that llama.cpp asks for.
  static func entries(
    _ index: Int, of count: Int, tensors: Int
  ) throws(SmithError) -> [ContainerMetadata.Entry] {
    guard let number = UInt16(exactly: index), let parts = UInt16(exactly: count),
      let total = Int32(exactly: tensors)
    else { throw SmithError(.limit, "\(tensors) tensors in \(count) parts") }
    return [
      .init(indexKey, .u16(number)), .init(countKey, .u16(parts)), .init(tensorsKey, .i32(total)),
    ]
  }
}
