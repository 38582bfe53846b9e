import SmithBytes

/// When a candidate counts as the same model, or as good enough.
public struct Policy: Hashable, Sendable, CustomStringConvertible {
  /// Activations must lie within `floorMultiple` times the measured rounding floor.
  public var staysAtFloor: Bool
  /// The least cosine of any layer, logits or approximate tensor, nil for no demand.
  public var leastCosine: Double?
  public var leastTopOne: Double?
  public var mostDivergence: Double?
  /// The largest difference of any number in any layer or logits.
  public var mostDifference: Double?
  /// Whether quantized tensors need not be what our encoder makes of the reference.
  public var allowsApproximateTensors: Bool

  /// How far above the floor a difference may lie. Two correct f32 programs that add in another order were seen up to 4 floors apart on
  /// the reference samples; the other gelu lies three orders of magnitude above.
  public static let floorMultiple = 10.0

  /// The least cosine of a tensor whose codes are not what rounding the reference gives. It is wider than that of layers: GPTQ moves weights
  /// away from the nearest code so that the layers come closer (0.98 with four bits). But a table's rows that no input reads are seen here only.
  var leastTensorCosine: Double { min(leastCosine ?? -1, 0.9) }

  /// The same model: equal tensors, activations at the floor.
  public static let exact = Policy(
    staysAtFloor: true, leastCosine: nil, leastTopOne: nil, mostDivergence: nil,
    allowsApproximateTensors: false)

  /// A candidate in fewer bits: its tensors are the reference's in the candidate's encoding, its activations point the same way.
  public static let reduced = Policy(
    staysAtFloor: false, leastCosine: 0.99, leastTopOne: nil, mostDivergence: nil,
    allowsApproximateTensors: true)

  public var description: String {
    if staysAtFloor {
      return "exact: within \(Int(Self.floorMultiple)) times the f32 rounding floor"
    }
    var demands: [String] = []
    if let leastCosine { demands.append("cosine>=\(leastCosine)") }
    if let leastTopOne { demands.append("top1>=\(leastTopOne)") }
    if let mostDivergence { demands.append("kl<=\(mostDivergence)") }
    if let mostDifference { demands.append("max-abs<=\(mostDifference)") }
    return "reduced precision: " + (demands.isEmpty ? "no demand" : demands.joined(separator: ", "))
  }

  /// Fewer bits, and nothing demanded of them.
  static let undemanding: Policy = {
    var policy = Policy.reduced
    policy.leastCosine = nil
    return policy
  }()

  /// `exact`, or demands such as `cosine>=0.99,top1>=0.95,kl<=0.01,max-abs<=0.1`.
  public init(parsing text: String) throws(SmithError) {
    if text == "exact" {
      self = .exact
      return
    }
    self = .undemanding
    let demands = text.split(separator: ",")
    if demands.isEmpty { throw Self.unreadable(text[...]) }
    for demand in demands {
      let parts = demand.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let value = Double(parts[1]), value.isFinite else {
        throw Self.unreadable(demand)
      }
      guard set(parts[0], value) else { throw Self.unreadable(demand) }
    }
  }

  /// One demand by its name and direction, `cosine>`; false for a name that is none.
  mutating func set(_ name: String, _ value: Double) -> Bool {
    switch name {
    case "cosine>": leastCosine = value
    case "top1>": leastTopOne = value
    case "kl<": mostDivergence = value
    case "max-abs<": mostDifference = value
    default: return false
    }
    return true
  }

  private init(
    staysAtFloor: Bool, leastCosine: Double?, leastTopOne: Double?, mostDivergence: Double?,
    allowsApproximateTensors: Bool
  ) {
    self.staysAtFloor = staysAtFloor
    self.leastCosine = leastCosine
    self.leastTopOne = leastTopOne
    self.mostDivergence = mostDivergence
    self.allowsApproximateTensors = allowsApproximateTensors
  }

  private static func unreadable(_ demand: Substring) -> SmithError {
    SmithError(
      .usage, "--policy \(demand): not a demand",
      remedy: "exact, or cosine>=0.99,top1>=0.95,kl<=0.01")
  }

  /// What a layer fails, nil when it holds.
  func failure(of layer: LayerParity) -> String? {
    if staysAtFloor {
      return layer.isWithin ? nil : "max abs \(layer.maxAbs) above \(layer.tolerance)"
    }
    if !layer.maxAbs.isFinite {
      return "values that are not finite, where the reference has numbers"
    }
    if let leastCosine, !(layer.cosine >= leastCosine) {
      return "cosine \(layer.cosine) below \(leastCosine)"
    }
    if let leastTopOne, let topOne = layer.topOne, !(topOne >= leastTopOne) {
      return "top-1 agreement \(topOne) below \(leastTopOne)"
    }
    if let mostDivergence, let divergence = layer.divergence, !(divergence <= mostDivergence) {
      return "divergence \(divergence) above \(mostDivergence)"
    }
    if let mostDifference, !(layer.maxAbs <= mostDifference) {
      return "max abs \(layer.maxAbs) above \(mostDifference)"
    }
    return nil
  }
}
