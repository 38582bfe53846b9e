import SmithBytes

/// What adapter_config.json of `peft` says of a LoRA adapter.
struct AdapterConfiguration: Sendable {
  let rank: Int
  let alpha: Double
  /// α/√r instead of α/r.
  let isRankStabilized: Bool
  /// Whether the base keeps its matrices [in, out], as GPT-2 does.
  let isTransposed: Bool
  /// DoRA.
  let isScaledByRow: Bool
  /// The model it was trained on, by the name its maker used.
  let base: String?
  private let ranks: [(module: String, value: Double)]
  private let alphas: [(module: String, value: Double)]

  /// Keys of kinds of adapters that are not W + s·B·A, and would be merged wrongly as one.
  private static let foreign = [
    "alora_invocation_tokens", "arrow_config", "kasa_config", "layer_replication", "lora_bias",
    "monteclora_config", "target_parameters", "trainable_token_indices", "use_bdlora", "use_qalora",
    "velora_config",
  ]
  /// Initializations that leave the base as it was; all others have changed it.
  private static let initializations: [JSON] = [
    .bool(true), .bool(false), "gaussian", "eva", "orthogonal", .null,
  ]

  init(_ settings: JSONObject) throws(SmithError) {
    let type = settings["peft_type"]?.stringValue
    guard type == "LORA" else {
      throw SmithError(
        .unsupported, "an adapter of type \(type ?? "unknown"): only LORA is merged",
        at: Place(item: "peft_type"))
    }
    for key in Self.foreign {
      let value = settings[key] ?? .null
      guard value.isNull || value == .bool(false) || value == [] else {
        throw SmithError(
          .unsupported, "an adapter that is not merged: \(value.serialized())",
          at: Place(item: key))
      }
    }
    let initialization = settings["init_lora_weights"] ?? .null
    guard Self.initializations.contains(initialization) else {
      throw SmithError(
        .unsupported,
        "\(initialization.serialized()): the adapter belongs to a base that this initialization has changed",
        at: Place(item: "init_lora_weights"),
        remedy: "an adapter that peft has converted to the original base")
    }
    guard let rank = settings["r"]?.intValue, rank > 0 else {
      throw SmithError(.malformed, "no rank above 0", at: Place(item: "r"))
    }
    guard let alpha = settings["lora_alpha"]?.doubleValue, alpha.isFinite else {
      throw SmithError(.malformed, "no number", at: Place(item: "lora_alpha"))
    }
    (self.rank, self.alpha) = (rank, alpha)
    isRankStabilized = settings["use_rslora"]?.boolValue ?? false
    isTransposed = settings["fan_in_fan_out"]?.boolValue ?? false
    isScaledByRow = settings["use_dora"]?.boolValue ?? false
    base = settings["base_model_name_or_path"]?.stringValue
    ranks = try Self.patterns(settings, "rank_pattern")
    alphas = try Self.patterns(settings, "alpha_pattern")
  }

  private static func patterns(
    _ settings: JSONObject, _ key: String
  ) throws(SmithError) -> [(module: String, value: Double)] {
    var rows: [(String, Double)] = []
    for (module, value) in settings[key]?.objectValue ?? JSONObject() {
      guard !module.contains(where: { "\\^$*+?()[]{}|".contains($0) }) else {
        throw SmithError(
          .unsupported, "\(module): a regular expression, not a module's name",
          at: Place(item: key))
      }
      guard let number = value.doubleValue, number.isFinite else {
        throw SmithError(.malformed, "no number for \(module)", at: Place(item: key))
      }
      rows.append((module, number))
    }
    return rows
  }

  /// As `peft` looks it up: the first row whose name the module's ends in.
  func scale(of module: String) throws(SmithError) -> LowRankAdapter.Scale {
    func value(_ rows: [(module: String, value: Double)]) -> Double? {
      rows.first { module == $0.module || module.hasSuffix("." + $0.module) }?.value
    }
    guard let rank = Int(exactly: value(ranks) ?? Double(rank)), rank > 0 else {
      throw SmithError(.malformed, "no rank above 0 for \(module)", at: Place(item: "rank_pattern"))
    }
    let alpha = value(alphas) ?? alpha
    let divisor = isRankStabilized ? Double(rank).squareRoot() : Double(rank)
    return LowRankAdapter.Scale(rank: rank, factor: alpha / divisor)
  }
}
