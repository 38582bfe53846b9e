import SmithBytes

extension ModelConfiguration {
  /// The configuration file that the dialect's own library reads, keys in a fixed order.
  public func written(for dialect: Dialect, family: Family) -> JSONObject {
    let table = dialect.configuration
    var file = JSONObject()
    if table.namesArchitecture, let modelClass = family.modelClass(for: parts) {
      file["architectures"] = [.string(modelClass.torch)]
    }
    for (key, value) in table.constants { file[key] = value }
    for (size, key) in table.sizeKeys { file[key] = sizes[size].map(JSON.integer) }
    if let row = table.activations.first(where: { $0.activation == activation }) {
      file[ConfigurationDialect.activationKey] = .string(row.spelling)
    }
    if let key = table.epsilonKey { file[key] = .number(layerNormEpsilon) }
    if let key = table.normPlacementKey,
      let row = ConfigurationDialect.normPlacements.first(where: { $0.placement == normPlacement })
    {
      file[key] = .string(row.spelling)
    }
    for key in table.carriedKeys { if let value = carried[key] { file[key] = value } }
    if table.namesArchitecture { addLabels(to: &file) }
    if table.namesArchitecture, isUntied { file[ConfigurationDialect.tieKey] = false }
    return file
  }

  /// transformers sizes its classifiers by the number of labels, which the class would otherwise take to be 2.
  private func addLabels(to file: inout JSONObject) {
    let counts = Set(["sequence", "token", "span"].compactMap { classes[$0] })
    guard file["id2label"] == nil, let count = counts.max(), count != 2 else { return }
    var (names, ids) = (JSONObject(), JSONObject())
    for label in 0..<count {
      names["\(label)"] = .string("LABEL_\(label)")
      ids["LABEL_\(label)"] = .integer(label)
    }
    file["id2label"] = .object(names)
    file["label2id"] = .object(ids)
  }
}

extension ConfigurationDialect {
  /// What a user should know of the written file, nil when there is nothing.
  func warning(about configuration: ModelConfiguration) -> String? {
    guard let row = activations.first(where: { $0.activation == configuration.activation }),
      row.spelling == Self.exactGelu
    else { return nil }
    return
      "the configuration says \(Self.exactGelu): the original code knows only the tanh gelu and will refuse it (--set hidden_act=gelu_new takes the tanh form, about 3e-3 off in the logits)"
  }

  /// Whether the dialect's library can be told to use what the model needs; the reason if it cannot.
  func obstacle(to configuration: ModelConfiguration) -> String? {
    if !activations.contains(where: { $0.activation == configuration.activation }) {
      return "its code has no activation \(configuration.activation.rawValue)"
    }
    if normPlacementKey == nil, configuration.normPlacement != .post {
      return "its blocks have their layer norms behind attention and feed-forward, the model before"
    }
    if epsilonKey == nil, configuration.layerNormEpsilon != epsilon {
      return
        "its code fixes the layer-norm epsilon at \(epsilon), the model needs \(configuration.layerNormEpsilon)"
    }
    return nil
  }
}
