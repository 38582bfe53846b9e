import SmithBytes
import SmithKernels

/// Asks a `ParameterSource` for weights by scope, name and shape, and hands them to a backend.
struct EncoderWeights<Backend: ComputeBackend> {
  let source: any ParameterSource
  let backend: Backend
  let epsilon: Double

  func contains(_ name: String) -> Bool { source.contains(name) }

  /// A table or vector in the precision of the backend.
  func values(_ name: String, _ shape: [Int]) throws(SmithError) -> [Backend.Scalar] {
    Backend.Scalar.convert(try source.values(name, shape: shape))
  }

  /// `scope.weight` [outputs, inputs] and `scope.bias` [outputs]; several scopes are stacked, so that one product serves all.
  func linear(
    _ scopes: String..., inputs: Int, outputs: Int
  ) throws(SmithError) -> Linear<Backend> {
    var bias: [Backend.Scalar] = []
    for scope in scopes { bias += try values("\(scope).bias", [outputs]) }
    return try product(
      scopes.map { "\($0).weight" }, bias: bias, inputs: inputs, outputs: outputs)
  }

  /// Matrices [outputs, inputs] one below the other, as bytes where all are stored so. `table` is the first one, for those who have it.
  func product(
    _ names: [String], bias: [Backend.Scalar], inputs: Int, outputs: Int,
    table: [Backend.Scalar]? = nil
  ) throws(SmithError) -> Linear<Backend> {
    var parts: [ByteMatrix] = []
    for name in names {
      if let part = try source.bytes(name, shape: [outputs, inputs]) { parts.append(part) }
    }
    if parts.count == names.count {
      return Linear(ByteMatrix(stacking: parts), bias: bias, parameters: names)
    }
    var weights = table ?? []
    if table == nil { for name in names { weights += try values(name, [outputs, inputs]) } }
    return Linear(
      weights, bias: bias, inputs: inputs, outputs: outputs * names.count, parameters: names,
      backend: backend)
  }

  /// `scope.weight` [outputs, inputs] alone, or read the other way round; there is no bias.
  func map(
    _ scope: String, inputs: Int, outputs: Int, backwards: Bool = false
  ) throws(SmithError) -> Linear<Backend> {
    guard backwards else {
      return try product(
        ["\(scope).weight"], bias: .init(repeating: 0, count: outputs), inputs: inputs,
        outputs: outputs)
    }
    let weights = try values("\(scope).weight", [outputs, inputs])
    let turned = (0..<weights.count).map { weights[$0 % outputs * inputs + $0 / outputs] }
    return Linear(
      turned, bias: .init(repeating: 0, count: inputs), inputs: outputs, outputs: inputs,
      backend: backend)
  }

  /// `scope.weight` and `scope.bias`, both [width].
  func norm(_ scope: String, width: Int) throws(SmithError) -> LayerNorm<Backend.Scalar> {
    LayerNorm(
      weight: try values("\(scope).weight", [width]), bias: try values("\(scope).bias", [width]),
      epsilon: epsilon)
  }

  /// The rows of `scope.weight`: a head's number of classes, an MLM transform's width.
  func outputs(of scope: String) throws(SmithError) -> Int {
    guard let shape = source.shape(of: "\(scope).weight") else {
      throw SmithError(.missing, "no such parameter", at: Place(item: "\(scope).weight"))
    }
    guard shape.count == 2, shape[0] > 0 else {
      throw SmithError(
        .mismatch, "shape \(shape), expected [outputs, inputs]", at: Place(item: "\(scope).weight"))
    }
    return shape[0]
  }
}
