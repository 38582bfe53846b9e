/// Who multiplies matrices. Everything else of a forward pass is shared (`Compute`), so that a backend stays small.
///
/// Both products run on the calling thread: `Compute` cuts the work into tiles of a fixed size and spreads them over its
/// workers, and each tile must come out the same bits whoever computes it.
public protocol ComputeBackend<Scalar>: Sendable {
  associatedtype Scalar: KernelScalar
  /// A weight matrix in the form this backend multiplies with.
  associatedtype Matrix: Sendable

  /// What reports and `--backend` call it.
  var name: String { get }

  /// How a product with a weight matrix is cut, for so many rows of the left operand. It must not depend on anything else.
  func tile(rows: Int) -> TileSize

  /// Takes in weights [rows, columns] = [out, in], once.
  func prepare(_ weights: [Scalar], rows: Int, columns: Int) -> Matrix

  /// C [M, n] = A [M, K] · Bᵀ with the rows `outputs` of B; their first is a multiple of the tile's columns.
  func multiply(
    _ a: MatrixView<Scalar>, by b: Matrix, outputs: Range<Int>, into c: MutableMatrixView<Scalar>)

  /// C [M, N] = A [M, K] · B, where `b` is B [K, N] itself or, with `transposed`, Bᵀ [N, K].
  func multiply(
    _ a: MatrixView<Scalar>, by b: MatrixView<Scalar>, transposed: Bool,
    into c: MutableMatrixView<Scalar>)

  /// C [M, n] = (A [M, K] - 128) · Bᵀ with the rows `outputs` of B: integers, and exact.
  func multiply(
    _ a: MatrixView<UInt8>, by b: ByteMatrix, outputs: Range<Int>, into c: MutableMatrixView<Int32>)
}

/// The part of a product that one worker computes at a time.
public struct TileSize: Hashable, Sendable {
  public var rows: Int
  public var columns: Int

  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }
}

/// Weights and bias of y = x·Wᵀ + b.
public struct Linear<Backend: ComputeBackend>: Sendable {
  let weights: LinearWeights<Backend>
  /// The parameters that W is made of, one below the other; none where nobody may want to know what it reads.
  public let parameters: [String]
  let bias: [Backend.Scalar]?
  /// K, the width of x.
  public let inputs: Int
  /// N, the width of y.
  public let outputs: Int

  /// - Parameters:
  ///   - weights: W [outputs, inputs], row-major.
  ///   - bias: b [outputs], or none.
  ///   - inputs: The width of x.
  ///   - outputs: The width of y.
  ///   - parameters: What W is called, for observers.
  ///   - backend: Who will multiply.
  public init(
    _ weights: [Backend.Scalar], bias: [Backend.Scalar]?, inputs: Int, outputs: Int,
    parameters: [String] = [], backend: Backend
  ) {
    precondition(weights.count == inputs * outputs && bias?.count ?? outputs == outputs)
    self.weights = .plain(backend.prepare(weights, rows: outputs, columns: inputs))
    self.parameters = parameters
    self.bias = bias
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The same with weights of bytes, which are multiplied as bytes.
  public init(_ weights: ByteMatrix, bias: [Backend.Scalar]?, parameters: [String] = []) {
    precondition(bias?.count ?? weights.scales.count == weights.scales.count)
    self.weights = .bytes(weights, scales: Backend.Scalar.convert(weights.scales))
    self.parameters = parameters
    self.bias = bias
    inputs = weights.inputs
    outputs = weights.scales.count
  }
}

/// Scale, shift and epsilon of a layer norm.
public struct LayerNorm<Scalar: KernelScalar>: Sendable {
  let weight: [Scalar]
  let bias: [Scalar]
  let epsilon: Scalar

  /// - Parameters:
  ///   - weight: γ [width].
  ///   - bias: β [width].
  ///   - epsilon: What is added to the variance.
  public init(weight: [Scalar], bias: [Scalar], epsilon: Double) {
    precondition(weight.count == bias.count)
    self.weight = weight
    self.bias = bias
    self.epsilon = Scalar(epsilon)
  }
}
