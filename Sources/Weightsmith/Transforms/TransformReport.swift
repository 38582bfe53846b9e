import SmithBytes
import SmithModels
import SmithTensors

/// What a chain of transforms did to a model: its size, its parameters, and what it computes.
public struct TransformReport: Sendable {
  public struct Size: Hashable, Sendable {
    public var parameters: Int
    /// As they will be stored.
    public var bytes: Int
  }

  public var before: Size
  public var after: Size
  /// Parameters by depth that are not what they were; none where the families differ.
  public var changed: [TensorParity]
  /// The activations of both on the same input, those that both have.
  public var layers: [LayerParity]

  /// Runs both models; `.usage` for an input that either has no embedding for.
  public init(
    from old: Model, to new: Model, on input: VerificationInput = .standard,
    _ workers: Workers = .all
  ) throws(SmithError) {
    before = Size(old.parameters)
    after = Size(new.parameters)
    var verification = Verification(of: new, against: old)
    verification.workers = workers
    changed =
      old.family == new.family
      ? try TensorComparison(reference: old, candidate: new, workers: workers).run { _ in }
        .filter { $0.verdict != .equal } : []
    layers = try verification.layers(on: input)
  }
}

extension TransformReport.Size {
  fileprivate init(_ parameters: Parameters) {
    self.parameters = parameters.parameterCount
    bytes = parameters.recipes.values.reduce(0) { $0 + $1.byteCount }
  }
}

extension TransformReport {
  /// The report for programs: its keys are a contract.
  public var json: JSON {
    [
      "before": before.json, "after": after.json, "changed": .array(changed.map(\.json)),
      "layers": .array(layers.map(\.json)),
    ]
  }
}

extension TransformReport.Size {
  fileprivate var json: JSON {
    ["parameters": .integer(parameters), "bytes": .integer(bytes)]
  }
}
