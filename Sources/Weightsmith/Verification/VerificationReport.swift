import SmithBytes

/// The answer of a verification, with everything it rests on.
public struct VerificationReport: Sendable {
  public let policy: Policy
  public internal(set) var tensors: [TensorParity]
  public internal(set) var layers: [LayerParity] = []
  /// How both answered cloze questions, if they were asked. Told, not judged.
  public var cloze: ClozeReport?
  /// Whether parameters that differ break parity. Without, the activations alone decide: a model may compute the same from others, with
  /// channels scaled or heads in another order.
  public var judgesParameters = true
  /// Whether the candidate multiplied bytes, activations included, as a user of its codes does.
  public internal(set) var multipliesBytes = false
  /// Parts of the reference that no file in the candidate's names has: what is there is judged, and this is told.
  public internal(set) var leftOut: [String] = []
  /// Reasons besides tensors and layers why parity does not hold.
  public private(set) var refusals: [String] = []

  init(policy: Policy, tensors: [TensorParity]) {
    self.policy = policy
    self.tensors = tensors
  }

  mutating func refuse(_ reason: String) { refusals.append(reason) }

  /// Whether the candidate is what the policy demands.
  public var holds: Bool {
    refusals.isEmpty && failingTensors.isEmpty && firstDivergence == nil && !isEmpty
  }

  /// The tensors that break the policy.
  public var failingTensors: [TensorParity] {
    guard judgesParameters else { return [] }
    return tensors.filter { tensor in
      switch tensor.verdict {
      case .equal, .rounded, .omitted: false
      case .encoded: policy.staysAtFloor
      case .approximate:
        !policy.allowsApproximateTensors || !tensor.maxAbs.isFinite
          || tensor.cosine < policy.leastTensorCosine
      case .different, .missing, .extra: true
      }
    }
  }

  /// The first activation, in the order of computation, that breaks the policy.
  public var firstDivergence: String? { layers.first { policy.failure(of: $0) != nil }?.name }

  /// The largest rounding floor of any activation.
  public var floor: Double { layers.map(\.floor).max() ?? 0 }

  public var logits: [LayerParity] { layers.filter { $0.name.hasSuffix("logits") } }

  /// A comparison that compared nothing proves nothing.
  private var isEmpty: Bool { (tensors.isEmpty || !judgesParameters) && layers.isEmpty }

  public var json: JSON {
    let verdicts = Dictionary(grouping: tensors, by: \.verdict).mapValues(\.count)
    var counts = JSONObject()
    for verdict in [
      TensorParity.Verdict.equal, .rounded, .encoded, .approximate, .different, .omitted, .missing,
      .extra,
    ] {
      counts[verdict.rawValue] = .integer(verdicts[verdict] ?? 0)
    }
    counts["rows"] = .array(tensors.filter { $0.verdict != .equal }.map(\.json))
    var object: JSONObject = [
      "holds": .bool(holds), "policy": .string(policy.description),
      "floor": .number(floor.writable),
      "tensors": .object(counts), "layers": .array(layers.map(\.json)),
      "firstDivergence": firstDivergence.map(JSON.string) ?? .null,
      "logits": .array(logits.map(\.json)), "refusals": .array(refusals.map(JSON.string)),
    ]
    if !leftOut.isEmpty { object["leftOut"] = .array(leftOut.map(JSON.string)) }
    if !judgesParameters { object["parametersJudged"] = false }
    if multipliesBytes { object["products"] = "bytes" }
    if let cloze { object["cloze"] = cloze.json }
    return .object(object)
  }
}
