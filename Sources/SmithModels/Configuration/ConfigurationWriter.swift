import SmithBytes

extension ModelConfiguration {
  /// The configuration file that the dialect's own library reads, keys in a fixed order.
  public func written(for dialect: Dialect, family: Family) -> JSONObject {
    let table = dialect.configuration
    var file = JSONObject()
    if table.namesArchitecture, let modelClass = family.modelClass(for: parts) {
      file["architectures"] = [.string(family.name(of: modelClass, variant: variant))]
    }
    for (key, value) in table.constants { file[key] = value }
    if table.namesArchitecture, let variant { file["model_type"] = .string(variant) }
    var inner = JSONObject()
    for (key, value) in settings(of: table) {
      if table.nests.isEmpty || table.outerKeys.contains(key) {
        file.set(value, at: key.split(separator: ".").map(String.init)[...])
      } else {
        inner[key] = value
      }
    }
    if let nest = table.nests.first { file[nest.key] = .object(inner) }
    if table.namesArchitecture { addLabels(to: &file) }
    if let tie = table.tie, isUntied { file[tie.key] = .bool(!tie.tied) }
    return file
  }

  /// Everything that is read back, by key.
  func settings(of table: ConfigurationDialect) -> JSONObject {
    var settings = JSONObject()
    for (size, key) in table.sizeKeys {
      settings[key] = sizes[size].map { .integer($0 + (table.offsets[size]?.first ?? 0)) }
    }
    for (setting, key) in table.settingKeys {
      let silent = setting.canBeNull ? JSON.null : JSON?.none
      guard let value = self.settings[setting] ?? silent else { continue }
      if value != setting.unsaid { settings[key] = value }
    }
    if let row = table.activations.first(where: { $0.activation == activation }) {
      settings[table.activationKey] = .string(row.spelling)
    }
    if let key = table.epsilonKey { settings[key] = .number(layerNormEpsilon) }
    if let key = table.paddingKey, let paddingToken { settings[key] = .integer(paddingToken) }
    if let key = table.normPlacementKey,
      let row = table.normPlacements.first(where: { $0.placement == normPlacement })
    {
      settings[key] = row.value
    }
    for key in table.carriedKeys { if let value = carried[key] { settings[key] = value } }
    return settings
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

extension JSONObject {
  /// Puts a value into objects within objects, which are made where they are missing.
  fileprivate mutating func set(_ value: JSON, at path: ArraySlice<String>) {
    guard let key = path.first else { return }
    if path.count == 1 {
      self[key] = value
    } else {
      var inner = self[key]?.objectValue ?? JSONObject()
      inner.set(value, at: path.dropFirst())
      self[key] = .object(inner)
    }
  }
}

extension Family {
  /// The class's name, or that of its twin in a variant: `RobertaForMaskedLM`, `XLMRobertaForMaskedLM`.
  func name(of modelClass: ModelClass, variant: String?) -> String {
    guard let beginning = variant.flatMap({ variants[$0] }),
      let own = classes.first?.torch.dropLast("Model".count), modelClass.torch.hasPrefix(own)
    else { return modelClass.torch }
    return beginning + modelClass.torch.dropFirst(own.count)
  }
}

extension Dialect {
  /// Whether the dialect's library can be told to compute what the model computes; the reason if it cannot.
  func obstacle(to model: ModelConfiguration, family: Family) -> String? {
    if let obstacle = configuration.obstacle(to: model) { return obstacle }
    for form in heads ?? family.heads where model.parts.contains(form.name) {
      let wanted = model.headForms.first { $0.name == form.name }?
        .hiddenActivation(model.activation)
      guard let own = form.hiddenActivation(model.activation), let wanted, own != wanted
      else { continue }
      return
        "its code computes \(own.rawValue) in the \(form.name) head, the model needs \(wanted.rawValue)"
    }
    return nil
  }
}

extension ConfigurationDialect {
  /// What a user should know of the written file, nil when there is nothing.
  func warning(about configuration: ModelConfiguration) -> String? {
    if let computedActivation, computedActivation != configuration.activation {
      return
        "the target's code computes \(computedActivation.rawValue) whatever the file says; the model's activation is \(configuration.activation.rawValue), whose vectors differ a little (2e-4 on MiniLM)"
    }
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
    if entryPrefix != nil, !configuration.layerNormEpsilon.isSingle {
      return
        "its files keep the layer-norm epsilon in f32, which has no \(configuration.layerNormEpsilon)"
    }
    return paddingObstacle(configuration.paddingToken) ?? fixedObstacle(to: configuration)
  }

  private func paddingObstacle(_ padding: Int?) -> String? {
    if let fixedPadding, let padding, padding != fixedPadding {
      return "its code has the padding token \(fixedPadding), the model \(padding)"
    }
    let counts = paddingKey != nil || fixedPadding != nil
    if counts == (padding != nil) { return nil }
    return counts
      ? "its code counts positions from a padding token on, the model from 0 on"
      : "its code counts positions from 0 on, the model from its padding token on"
  }

  /// A size or setting of the model that the code cannot have.
  private func fixedObstacle(to configuration: ModelConfiguration) -> String? {
    for (size, key) in sizeKeys {
      guard let fixed = fixedSizes[size], configuration[size] != fixed else { continue }
      return "its code knows no \(key) but \(fixed), the model has \(configuration[size])"
    }
    for (setting, key) in settingKeys {
      let own = configuration.settings[setting] ?? .null
      guard let fixed = fixedSettings[setting], own != fixed else { continue }
      return
        "its code knows no \(key) but \(fixed.serialized()), the model has \(own.serialized())"
    }
    return nil
  }
}
