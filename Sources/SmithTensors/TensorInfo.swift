import SmithBytes

/// How each number of a tensor is stored: element by element, or in the blocks of a quantization scheme.
public enum Encoding: Hashable, Sendable, Codable {
  case plain(DType)
  /// The scheme's name in `Schemes`.
  case scheme(String)

  /// What people see: `f32`, `bf16`, `q8_0`.
  public var name: String {
    switch self {
    case .plain(let type): type.rawValue
    case .scheme(let name): name
    }
  }

  public var dtype: DType? {
    if case .plain(let type) = self { type } else { nil }
  }
}

/// What a container says of one tensor, without its bytes.
public struct TensorInfo: Hashable, Sendable {
  /// The name as stored.
  public var name: String
  public var encoding: Encoding
  /// Row-major, last dimension fastest; empty for a scalar.
  public var shape: [Int]
  /// The size of its bytes as `TensorSource.read` lends them.
  public var byteCount: Int

  public init(name: String, encoding: Encoding, shape: [Int], byteCount: Int) {
    self.name = name
    self.encoding = encoding
    self.shape = shape
    self.byteCount = byteCount
  }

  /// A plain tensor; its byte count follows from type and shape. `.limit` when that leaves 64 bits, `.malformed` for a negative dimension.
  public init(name: String, dtype: DType, shape: [Int]) throws(SmithError) {
    do throws(SmithError) {
      let bits = try shape.elementCount().multiplied(checked: dtype.bits)
      guard bits % 8 == 0 else {
        throw SmithError(
          .malformed, "shape \(shape) of \(dtype.rawValue) is not a whole number of bytes")
      }
      self.init(name: name, encoding: .plain(dtype), shape: shape, byteCount: bits / 8)
    } catch { throw error.at(item: name) }
  }

  /// The number of elements. Checked when the value was made.
  public var elementCount: Int { shape.reduce(1, &*) }
}

extension [Int] {
  /// The product of the dimensions, folded left to right without overflow even where a later dimension is 0.
  public func elementCount() throws(SmithError) -> Int {
    var count = 1
    for dimension in self {
      guard dimension >= 0 else { throw SmithError(.malformed, "a negative dimension in \(self)") }
      count = try count.multiplied(checked: dimension)
    }
    return count
  }
}
