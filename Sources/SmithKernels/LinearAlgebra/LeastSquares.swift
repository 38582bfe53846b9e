import SmithBytes

/// Linear maps fitted to what they should give, from sums over the samples alone (normal equations in f64).
public enum LeastSquares {
  /// A map y ≈ W·x + b.
  public struct Map: Sendable {
    /// W [outputs, inputs].
    public var weight: [Double]
    /// b [outputs].
    public var bias: [Double]
  }

  /// One of several layers that become one, and what it reads: Σ x·xᵀ [inputs, inputs], Σ x and the number of the x.
  public struct Layer: Sendable {
    public var map: Map
    public var gram: [Double]
    public var totals: [Double]
    public var count: Double

    public init(
      weight: [Double], bias: [Double], gram: [Double], totals: [Double], count: Double
    ) {
      map = Map(weight: weight, bias: bias)
      self.gram = gram
      self.totals = totals
      self.count = count
    }
  }

  /// The map with the least Σ_l Σ ‖(W − W_l)·x + b − b_l‖² over what each layer reads: W = (Σ W_l·G_l)·(Σ G_l)⁻¹ with a 1 at the end of every x
  /// (models §14.2). `ridge`, a share of the mean diagonal of Σ G_l, holds it to the layers' mean where no x tells.
  ///
  /// Nil where the sums are no Gram matrices: not finite, or all zeros.
  public static func merging(
    _ layers: [Layer], inputs: Int, outputs: Int, ridge: Double = 1e-6, workers: Workers = .all
  ) -> Map? {
    let compute = Compute(backend: Backends.reference, workers: workers)
    let (size, count) = (inputs + 1, Double(layers.count))
    var mean = [Double](repeating: 0, count: outputs * size)
    for layer in layers {
      for (index, value) in layer.augmented(inputs).enumerated() { mean[index] += value / count }
    }
    var left = [Double](repeating: 0, count: size * size)
    // Σ G_l·(W_l − W̄)ᵀ, [size, outputs].
    var right = [Double](repeating: 0, count: size * outputs)
    for layer in layers {
      let gram = layer.augmentedGram(inputs)
      let own = zip(layer.augmented(inputs), mean).map { $0 - $1 }
      let difference = Linear(
        own, bias: nil, inputs: size, outputs: outputs, backend: compute.backend)
      for (index, value) in compute.linear(gram, difference).enumerated() { right[index] += value }
      for (index, value) in gram.enumerated() { left[index] += value }
    }
    guard let shift = solve(left, right, columns: outputs, ridge: ridge, compute) else {
      return nil
    }
    var map = Map(weight: [], bias: [])
    for output in 0..<outputs {
      for place in 0..<inputs {
        map.weight.append(mean[output * size + place] + shift[place * outputs + output])
      }
      map.bias.append(mean[output * size + inputs] + shift[inputs * outputs + output])
    }
    return map
  }

  /// The map with the least Σ ‖W·x + b − y‖², from samples x [count, inputs] and y [count, outputs]; nil where they are not finite.
  public static func fitting(
    _ x: [Double], to y: [Double], inputs: Int, outputs: Int, ridge: Double = 1e-10,
    workers: Workers = .all
  ) -> Map? {
    let (size, count) = (inputs + 1, x.count / max(1, inputs))
    precondition(y.count == count * outputs)
    let compute = Compute(backend: Backends.reference, workers: workers)
    // (x, 1) with the samples along its rows.
    var columns = x.transposed(rows: count, columns: inputs)
    columns += [Double](repeating: 1, count: count)
    let left = compute.product(
      columns, columns.transposed(rows: size, columns: count), inner: count, columns: size)
    let right = compute.product(columns, y, inner: count, columns: outputs)
    guard let solution = solve(left, right, columns: outputs, ridge: ridge, compute) else {
      return nil
    }
    let turned = solution.transposed(rows: size, columns: outputs)
    var map = Map(weight: [], bias: [])
    for output in 0..<outputs {
      map.weight += turned[(output * size)..<(output * size + inputs)]
      map.bias.append(turned[output * size + inputs])
    }
    return map
  }

  /// X of (A + ridge)·X = B, by the factor of the inverse: Uᵀ·(U·B).
  private static func solve(
    _ left: [Double], _ right: [Double], columns: Int, ridge: Double,
    _ compute: Compute<CKernelsBackend<Double>>
  ) -> [Double]? {
    let size = right.count / max(1, columns)
    var matrix = left
    let trace = (0..<size).reduce(0) { $0 + left[$1 * size + $1] }
    guard trace > 0, trace.isFinite, right.allSatisfy(\.isFinite) else { return nil }
    for index in 0..<size { matrix[index * size + index] += ridge * trace / Double(size) }
    guard let inverse = InverseFactor(matrix, size: size, workers: compute.workers) else {
      return nil
    }
    let half = compute.product(inverse.values, right, inner: size, columns: columns)
    return compute.product(
      inverse.values.transposed(rows: size, columns: size), half, inner: size, columns: columns)
  }
}

extension LeastSquares.Layer {
  /// [W b] as [outputs, inputs + 1].
  fileprivate func augmented(_ inputs: Int) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(map.weight.count + map.bias.count)
    for (output, bias) in map.bias.enumerated() {
      result += map.weight[(output * inputs)..<((output + 1) * inputs)]
      result.append(bias)
    }
    return result
  }

  /// Σ of (x, 1)·(x, 1)ᵀ.
  fileprivate func augmentedGram(_ inputs: Int) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity((inputs + 1) * (inputs + 1))
    for row in 0..<inputs {
      result += gram[(row * inputs)..<((row + 1) * inputs)]
      result.append(totals[row])
    }
    return result + totals + [count]
  }
}
