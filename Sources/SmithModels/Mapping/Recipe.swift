import SmithTensors

/// How one tensor comes out of stored tensors. A small lazy value: it knows its shape, its element type and its sources, and nothing is
/// read until a `RecipeEvaluator` runs it (DESIGN §2).
public indirect enum Recipe: Hashable, Sendable, Codable {
  /// A tensor as the checkpoint stores it.
  case source(name: String, dtype: DType, shape: [Int])
  /// A matrix with rows and columns exchanged.
  case transpose(Recipe)
  /// The same elements in the same order under another shape.
  case reshape(Recipe, shape: [Int])
  /// `count` rows (first dimension) from row `from` on.
  case rows(Recipe, from: Int, count: Int)
  /// Tensors of equal row shape one after the other along the first dimension.
  case concat([Recipe])
  /// The values in another element type, rounded to nearest even.
  case cast(Recipe, to: DType)
  /// Component `index` of the matrix encoded by a scheme: its codes, its scales.
  case component(Recipe, scheme: String, index: Int)
  /// The f32 values of a tensor that is stored as the components of a scheme.
  case decode(scheme: String, shape: [Int], components: [Recipe])
  /// The f32 matrix product [m, k] · [k, n].
  case product(Recipe, Recipe)
  /// A matrix with one f32 vector [1, n] added to each of its rows.
  case addingRow(Recipe, row: Recipe)
  /// The dense f32 matrix [out, in] of a grouped kernel [in/g, out/g, g]: channel j of the input belongs to group j mod g, channel o of the
  /// output to group o div (out/g); zeros where the two differ (albert_zh `modeling_google_fast.py`, models §2.5).
  case ungrouped(Recipe)
  /// The f32 mean of tensors of one shape, element by element; of equal values it is that value.
  case mean([Recipe])
  /// Σ weightᵢ·partᵢ of tensors of one shape, summed in f64 (a product's own sums too) and rounded once to an element type.
  case combination([Recipe], weights: [Double], as: DType)
  /// A matrix whose rows have these lengths, f64: each row divided by its own and multiplied by the one in the vector.
  case scalingRows(Recipe, lengths: Recipe)
  /// The rows (first dimension) of these numbers, in this order.
  case picking(Recipe, rows: [Int])
  /// f32 values that a transform computed and that stand in no file.
  case computed(ComputedValues)
  /// Bytes that a transform chose: codes and scales that stand in no file.
  case chosen(ChosenBytes)
  /// The same elements with dimension k that which is at place k of `axes`.
  case permute(Recipe, axes: [Int])
  /// Every value with the opposite sign.
  case negate(Recipe)
  /// Every value plus a number, rounded once to the element type it has.
  case add(Recipe, Double)
  /// A matrix, with how much an error in each of its columns counts: for the scheme that encodes it.
  case weighing(Recipe, importance: [Float])
  /// The f32 values of a matrix with 0 for what is no number, and for an infinity the largest finite magnitude of its row.
  case finite(Recipe)
  /// The f32 identity matrix [size, size].
  case identity(size: Int)
  /// f32 zeros.
  case zeros(shape: [Int])
  /// f32 ones.
  case ones(shape: [Int])
}

extension Recipe {
  public var shape: [Int] {
    switch self {
    case .source(_, _, let shape), .reshape(_, let shape), .decode(_, let shape, _),
      .zeros(let shape), .ones(let shape):
      return shape
    case .transpose(let inner):
      return inner.shape.count == 2 ? [inner.shape[1], inner.shape[0]] : inner.shape
    case .rows(let inner, _, let count): return [count] + inner.shape.dropFirst()
    case .concat(let parts):
      let rows = parts.reduce(0) { $0 + ($1.shape.first ?? 0) }
      return [rows] + (parts.first?.shape.dropFirst() ?? [])
    case .mean(let parts), .combination(let parts, _, _): return parts.first?.shape ?? []
    case .scalingRows(let inner, _): return inner.shape
    case .picking(let inner, let rows): return [rows.count] + inner.shape.dropFirst()
    case .computed(let values): return values.shape
    case .chosen(let bytes): return bytes.shape
    case .cast(let inner, _), .addingRow(let inner, _), .negate(let inner), .add(let inner, _),
      .finite(let inner), .weighing(let inner, _):
      return inner.shape
    case .permute(let inner, let axes):
      let shape = inner.shape
      return axes.map { shape.indices.contains($0) ? shape[$0] : 0 }
    case .component(let inner, let scheme, let index):
      let components = try? Schemes.named(scheme)?.components(shape: inner.shape)
      return components?[index].shape ?? []
    case .product(let left, let right):
      return [left.shape.first ?? 0, right.shape.last ?? 0]
    case .ungrouped(let inner):
      let shape = inner.shape
      return shape.count == 3 ? [shape[1] * shape[2], shape[0] * shape[2]] : shape
    case .identity(let size): return [size, size]
    }
  }

  public var dtype: DType {
    switch self {
    case .source(_, let dtype, _), .cast(_, let dtype), .combination(_, _, let dtype): return dtype
    case .chosen(let bytes): return bytes.dtype
    case .scalingRows: return .f64
    case .transpose(let inner), .reshape(let inner, _), .rows(let inner, _, _),
      .picking(let inner, _), .permute(let inner, _), .negate(let inner), .add(let inner, _),
      .weighing(let inner, _):
      return inner.dtype
    case .concat(let parts): return parts.first?.dtype ?? .f32
    case .component(let inner, let scheme, let index):
      let components = try? Schemes.named(scheme)?.components(shape: inner.shape)
      return components?[index].dtype ?? .u8
    case .decode, .identity, .zeros, .ones, .product, .addingRow, .ungrouped, .mean, .computed,
      .finite:
      return .f32
    }
  }

  /// The names of the stored tensors it needs, each once, in order of use.
  public var sources: [String] {
    var seen: Set<String> = []
    return allSources.filter { seen.insert($0).inserted }
  }

  private var allSources: [String] {
    switch self {
    case .source(let name, _, _): [name]
    case .transpose(let inner), .reshape(let inner, _), .rows(let inner, _, _),
      .cast(let inner, _), .component(let inner, _, _), .ungrouped(let inner),
      .picking(let inner, _), .permute(let inner, _), .negate(let inner), .add(let inner, _),
      .finite(let inner), .weighing(let inner, _):
      inner.allSources
    case .product(let first, let second), .addingRow(let first, let second),
      .scalingRows(let first, let second):
      first.allSources + second.allSources
    case .concat(let parts), .decode(_, _, let parts), .mean(let parts),
      .combination(let parts, _, _):
      parts.flatMap(\.allSources)
    case .computed(let values): values.sources
    case .chosen(let bytes): bytes.sources
    case .identity, .zeros, .ones: []
    }
  }

  /// Whether the stored values arrive unchanged: no rounding on the way.
  public var isExact: Bool {
    switch self {
    case .source, .identity, .zeros, .ones, .decode: true
    case .transpose(let inner), .reshape(let inner, _), .rows(let inner, _, _),
      .ungrouped(let inner), .picking(let inner, _), .permute(let inner, _), .negate(let inner),
      .weighing(let inner, _):
      inner.isExact
    case .concat(let parts): parts.allSatisfy(\.isExact)
    case .cast(let inner, let type): inner.isExact && inner.dtype.widens(to: type)
    case .component, .product, .addingRow, .mean, .computed, .chosen, .add, .finite, .combination,
      .scalingRows:
      false
    }
  }

  /// The components of the values under a scheme: as they are stored where the same scheme stored them, computed otherwise.
  public func encoded(by scheme: String, count: Int) -> [Recipe] {
    if case .decode(scheme, _, let parts) = self { return parts }
    return (0..<count).map { .component(self, scheme: scheme, index: $0) }
  }

  /// The scheme a tensor is stored by, if it is.
  public var storedScheme: String? {
    switch self {
    case .decode(let scheme, _, _): scheme
    case .transpose(let inner), .reshape(let inner, _), .rows(let inner, _, _), .cast(let inner, _),
      .weighing(let inner, _):
      inner.storedScheme
    default: nil
    }
  }
}

/// Stored bytes in memory, and the tensors that they come from.
public struct ChosenBytes: Hashable, Sendable, Codable {
  /// Row-major, little endian.
  public let bytes: [UInt8]
  public let dtype: DType
  public let shape: [Int]
  public let sources: [String]

  public init(_ bytes: [UInt8], dtype: DType, shape: [Int], sources: [String]) {
    precondition(bytes.count == shape.reduce(1, *) * dtype.bits / 8)
    self.bytes = bytes
    self.dtype = dtype
    self.shape = shape
    self.sources = sources
  }
}

/// Values in memory, and the stored tensors that they come from.
public struct ComputedValues: Hashable, Sendable, Codable {
  /// Row-major.
  public let values: [Float]
  public let shape: [Int]
  public let sources: [String]

  public init(_ values: [Float], shape: [Int], sources: [String]) {
    precondition(values.count == shape.reduce(1, *))
    self.values = values
    self.shape = shape
    self.sources = sources
  }
}

extension DType {
  /// Whether every value of this type is a value of the other.
  public func widens(to other: DType) -> Bool {
    if self == other { return true }
    switch (self, other) {
    case (.f16, .f32), (.f16, .f64), (.bf16, .f32), (.bf16, .f64), (.f32, .f64): return true
    default: return false
    }
  }
}
