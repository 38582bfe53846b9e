import SmithBytes
import SmithKernels

/// Asks a `ParameterSource` for ELMo's weights by scope and shape.
struct ElmoWeights<Backend: ComputeBackend> {
  typealias Scalar = Backend.Scalar

  /// The gates of a cell in the order of the kernel.
  static var gates: [String] { ["inputGate", "candidate", "forgetGate", "outputGate"] }

  let source: any ParameterSource
  let backend: Backend

  func values(_ name: String, _ shape: [Int]) throws(SmithError) -> [Scalar] {
    Scalar.convert(try source.values(name, shape: shape))
  }

  /// `scope.weight` [outputs, inputs] and `scope.bias` [outputs].
  func linear(
    _ scope: String, inputs: Int, outputs: Int
  ) throws(SmithError) -> Linear<Backend> {
    Linear(
      try values(scope + ".weight", [outputs, inputs]),
      bias: try values(scope + ".bias", [outputs]), inputs: inputs, outputs: outputs,
      backend: backend)
  }

  /// `scope.weight` [n, w, c] and `scope.bias` [n].
  func convolution(
    _ scope: String, _ filters: ElmoConfiguration.Filters, characterWidth: Int
  ) throws(SmithError) -> Convolution<Backend> {
    let weights = try values(scope + ".weight", [filters.count, filters.width, characterWidth])
    return Convolution(
      width: filters.width,
      filters: Linear(
        weights, bias: try values(scope + ".bias", [filters.count]),
        inputs: filters.width * characterWidth, outputs: filters.count, backend: backend))
  }

  /// One layer in one direction. The file's forget bias lacks the 1 that is added at run time (models §11).
  func cell(
    _ scope: String, _ configuration: ElmoConfiguration
  ) throws(SmithError) -> LSTMCell<Backend> {
    let (p, d) = (configuration.stateSize, configuration.cellSize)
    var (input, state, bias): ([Scalar], [Scalar], [Scalar]) = ([], [], [])
    for gate in Self.gates {
      input += try values("\(scope).\(gate).input.weight", [d, p])
      state += try values("\(scope).\(gate).state.weight", [d, p])
      bias += try values("\(scope).\(gate).bias", [d])
    }
    let map = scope + ".projection.weight"
    // Both original programs leave the map out where it would lead from a width to the same.
    let projection: Linear<Backend>? =
      p == d && !source.contains(map)
      ? nil
      : Linear(
        try values(map, [p, d]), bias: nil, inputs: d, outputs: p, backend: backend)
    return LSTMCell(
      input: Linear(input, bias: bias, inputs: p, outputs: 4 * d, backend: backend),
      state: Linear(state, bias: nil, inputs: p, outputs: 4 * d, backend: backend),
      projection: projection, forgetBias: 1, cellClip: configuration.cellClip,
      stateClip: configuration.stateClip)
  }
}
