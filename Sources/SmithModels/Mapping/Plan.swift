import OrderedCollections
import SmithBytes
import SmithTensors

/// What a conversion will do, as plain data: every output tensor with its recipe, every source tensor with its fate (DESIGN §2).
public struct Plan: Hashable, Sendable, Codable {
  /// One tensor of the output.
  public struct Output: Hashable, Sendable, Codable {
    public var name: String
    public var dtype: DType
    public var shape: [Int]
    public var recipe: Recipe

    public init(name: String, recipe: Recipe) {
      self.name = name
      self.dtype = recipe.dtype
      self.shape = recipe.shape
      self.recipe = recipe
    }
  }

  public var outputs: [Output]
  public var fates: [TensorFate]
  /// What a user should know and would not see from the tensors: groups unrolled, an identity map added, a copy dropped.
  public var notes: [String]
  /// The key-value text for the container.
  public var metadata: [String: String]

  public init(
    outputs: [Output], fates: [TensorFate], notes: [String] = [], metadata: [String: String] = [:]
  ) {
    self.outputs = outputs
    self.fates = fates
    self.notes = notes
    self.metadata = metadata
  }
}
