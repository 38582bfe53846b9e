import SmithBytes
import SmithTensors

/// Codes chosen so that the products with a layer's inputs change least, not the weights themselves (Frantar et al. 2022, "GPTQ", §3).
///
/// Columns are rounded one after the other, and what a column loses is made up for by those that are left: with H = XᵀX/N + λI and U the
/// upper Cholesky factor of H⁻¹, the error e = (w_j − ŵ_j) / U_jj takes e·U_jk off every later column k. λ is `damping` times the mean of the
/// diagonal. Scales are those of a group's weights when its first column comes up. With H = I it is plain rounding.
public struct GPTQ: Sendable {
  public let scheme: AffineScheme
  public var damping = 0.01
  public var workers = Workers.all

  /// Columns whose errors are passed on together, at most.
  private static let columnsAtOnce = 128

  public init(_ scheme: AffineScheme) { self.scheme = scheme }

  /// The components of a matrix [rows, columns].
  ///
  /// - Parameters:
  ///   - weights: Row-major, finite.
  ///   - columns: The width of the inputs.
  ///   - inputs: Σ x·xᵀ of what the layer reads, [columns, columns].
  /// - Returns: The bytes of each component of the scheme.
  /// - Throws: `.refused` for inputs whose Gram matrix is not finite, and what the scheme throws for such a shape.
  public func components(
    of weights: [Float], columns: Int, inputs: GramMatrix
  ) throws(SmithError) -> [[UInt8]] {
    guard columns == inputs.size, columns > 0, weights.count % columns == 0 else {
      throw SmithError(.mismatch, "inputs of \(inputs.size), weights of \(columns) columns")
    }
    let rows = weights.count / columns
    // Refuses a shape before the work.
    _ = try scheme.components(shape: [rows, columns])
    let (factor, dead) = try factor(inputs)
    var sheet = RoundingSheet(
      weights: weights, columns: columns, scheme: scheme, dead: dead, step: step(columns))
    sheet.round(factor, workers)
    return try scheme.pack(
      codes: sheet.codes, scales: sheet.scales, zeros: sheet.zeros, columns: columns)
  }

  /// A whole number of groups, so that a group's weights are up to date when its scale is taken.
  private func step(_ columns: Int) -> Int {
    let group = scheme.groupLength(columns: columns)
    if group >= columns { return Self.columnsAtOnce }
    return group >= Self.columnsAtOnce ? group : Self.columnsAtOnce / group * group
  }

  /// U in f32, and the columns that no input ever reached: their weights are rounded as zeros.
  private func factor(
    _ inputs: GramMatrix
  ) throws(SmithError) -> (factor: [Float], dead: [Bool]) {
    let size = inputs.size
    var matrix = inputs.values.map(Double.init)
    var dead = [Bool](repeating: false, count: size)
    for place in 0..<size where matrix[place * size + place] == 0 {
      matrix[place * size + place] = 1
      dead[place] = true
    }
    let mean = (0..<size).reduce(0.0) { $0 + matrix[$1 * size + $1] } / Double(size)
    for place in 0..<size { matrix[place * size + place] += damping * mean }
    guard let factor = InverseFactor(matrix, size: size, workers: workers) else {
      throw SmithError(
        .refused, "what the layer reads has no finite second moments", remedy: "--method rounding")
    }
    return (factor.values.map { Float($0) }, dead)
  }
}
