import OrderedCollections
import SmithBytes
import SmithTensors

/// What a conversion will do, as plain data: every output tensor with its recipe, every source tensor with its fate (DESIGN §2).
public struct Plan: Hashable, Sendable, Codable {
  /// One tensor of the output.
  public struct Output: Hashable, Sendable, Codable {
    public var name: String
    /// How the output says its numbers are stored.
    public var encoding: Encoding
    public var shape: [Int]
    /// What gives its bytes: of a scheme's blocks the recipe sees bytes.
    public var recipe: Recipe

    public init(name: String, recipe: Recipe) {
      self.name = name
      self.encoding = .plain(recipe.dtype)
      self.shape = recipe.shape
      self.recipe = recipe
    }

    /// A tensor in the blocks of a scheme, for a container that knows it; `recipe` gives the bytes of the blocks, as u8.
    public init(name: String, scheme: String, shape: [Int], blocks recipe: Recipe) {
      self.name = name
      self.encoding = .scheme(scheme)
      self.shape = shape
      self.recipe = recipe
    }

    /// What a reader of the output will find. Errors as those of `TensorInfo.init(name:dtype:shape:)`.
    public func info() throws(SmithError) -> TensorInfo {
      if let dtype = encoding.dtype {
        return try TensorInfo(name: name, dtype: dtype, shape: shape)
      }
      return TensorInfo(name: name, encoding: encoding, shape: shape, byteCount: recipe.byteCount)
    }
  }

  public var outputs: [Output]
  public var fates: [TensorFate]
  /// What a user should know and would not see from the tensors: groups unrolled, an identity map added, a copy dropped.
  public var notes: [String]
  /// The key-value entries for the container.
  public var metadata: ContainerMetadata
  /// What becomes of finite numbers too large for an output's type: the largest the type has, or, as usual, an error.
  public var saturates = false

  public init(
    outputs: [Output], fates: [TensorFate], notes: [String] = [], metadata: ContainerMetadata = [:]
  ) {
    self.outputs = outputs
    self.fates = fates
    self.notes = notes
    self.metadata = metadata
  }
}
