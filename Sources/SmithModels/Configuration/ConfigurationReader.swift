import SmithBytes
import SmithKernels

/// Reads a model's configuration from three witnesses - what the user set, the source's own file, the shapes - and refuses to choose between
/// two that disagree.
struct ConfigurationReader {
  let family: Family
  let dialect: Dialect
  /// The configuration file and its name for messages; nil when there is none.
  let file: (name: String, values: JSONObject)?
  /// The file's settings, those in its nests among them.
  private let settings: JSONObject
  /// `--set key=value`, in the file's own key names: stronger than the file.
  let overrides: JSONObject
  let shapes: ShapeSolver
  /// Groups, inner blocks and blocks that the names show.
  let groups: Int
  let innerBlocks: Int
  /// How many of each other thing the names show.
  let counts: [Size: Int]
  /// What stands in the names' places that take text.
  private let words: [String: String]
  /// The numbers of attention heads that the shapes show.
  let headCounts: Set<Int>

  init(
    _ match: DialectMatch, file: (name: String, values: JSONObject)?, overrides: JSONObject,
    shapes: ShapeSolver, groups: Int
  ) {
    family = match.family
    dialect = match.dialect
    self.file = file
    settings = dialect.configuration.flattened(file?.values ?? JSONObject())
    self.overrides = dialect.configuration.resolved(overrides)
    self.shapes = shapes
    self.groups = groups
    innerBlocks = match.innerBlocks
    counts = Dictionary(
      match.counts.compactMap { place, count in match.family.counts[place].map { ($0, count) } },
      uniquingKeysWith: max)
    words = match.words
    headCounts = match.headCounts
  }

  /// More executed blocks than any model has, by two orders of magnitude.
  static let mostBlocks = 10_000

  var table: ConfigurationDialect { dialect.configuration }

  func read(parts: Set<String>) throws(SmithError) -> ModelConfiguration {
    try checkOverrides()
    var sizes: [Size: Int] = [:]
    for (size, key) in table.sizeKeys { sizes[size] = try value(of: size, key: key) }
    sizes.merge(dialect.fixedSizes) { own, _ in own }
    for (size, count) in counts where sizes[size] == nil { sizes[size] = count }
    // What the ecosystem's file has no word for: fairseq's vocabulary is a file of its own.
    for case (.size(let size), let solved) in shapes.known where sizes[size] == nil {
      sizes[size] = solved.value
    }
    for (size, other) in family.equalSizes { sizes[size] = sizes[other] }
    try check(sizes)
    try checkDemands(parts)
    let schedule = dialect.schedule.schedule(
      layers: sizes[.layers] ?? 1, groups: sizes[.groups] ?? 1, inner: sizes[.innerBlocks] ?? 1)
    var configuration = ModelConfiguration(
      family: family.name, sizes: sizes, schedule: schedule, activation: try activation(),
      layerNormEpsilon: try epsilon(), maskValue: table.maskValue, parts: parts, classes: [:],
      carried: carried)
    configuration.normPlacement = try normPlacement()
    configuration.paddingToken = try paddingToken(sizes)
    configuration.headForms = dialect.heads ?? family.heads
    configuration.variant = stated("model_type")?.stringValue.flatMap { type in
      family.variants[type] == nil ? nil : type
    }
    configuration.isUntied = saysUntied && parts.contains("mlm")
    for (dimension, solved) in shapes.known {
      if case .classes(let head) = dimension { configuration.classes[head] = solved.value }
    }
    for (setting, key) in table.settingKeys {
      configuration.settings[setting] = try value(of: setting, key: key)
    }
    try family.architecture.complete(&configuration, shapes: shapes.known.mapValues(\.value)) {
      kind, setting, detail, remedy in
      let key = table.settingKeys.first { $0.setting == setting }?.key ?? setting.rawValue
      return problem(kind, key, detail, remedy: remedy.map { "--set \(key)=\($0)" })
    }
    return configuration
  }

  /// What user, file or code say of a setting, nil for none. Filters are in the shapes: they are compared later.
  private func value(of setting: Setting, key: String) throws(SmithError) -> JSON? {
    let fixed = table.fixedSettings[setting]
    guard let value = said(key) ?? fixed ?? standard(key) ?? setting.unsaid else {
      if setting.isShown { return nil }
      let known =
        file == nil ? "no configuration file beside the weights says it" : "not in the file"
      throw problem(
        .missing, key, "\(known), and the shapes do not decide it",
        remedy: "--config FILE or --set \(key)=\(setting.example)")
    }
    if let complaint = setting.complaint(about: value) {
      throw problem(.malformed, key, "\(complaint), got \(value.serialized())")
    }
    if let fixed, value != fixed {
      throw problem(
        .mismatch, key,
        "\(value.serialized()), but the code of these names knows only \(fixed.serialized())")
    }
    // A bare nil would be taken for JSON's null here.
    if value.isNull || value == setting.unsaid { return JSON?.none }
    return value
  }

  /// A setting from the user, else from the file, null being a word too.
  func said(_ key: String) -> JSON? { overrides[key] ?? settings[key] }

  /// A setting from the user, else from the file.
  func stated(_ key: String) -> JSON? {
    if let value = overrides[key] { return value }
    guard let value = settings[key], !value.isNull else { return nil }
    return value
  }

  /// A key that no dialect of the family knows is a slip, and would be ignored.
  private func checkOverrides() throws(SmithError) {
    let known =
      family.dialects.flatMap { $0.configuration.keys + $0.words.values.map(\.key) }
      + ["model_type"]
    for (key, _) in overrides where !known.contains(key) {
      throw SmithError(
        .usage, "--set \(key): \(family.name) has no such setting",
        remedy: table.sizeKeys.map(\.key).joined(separator: ", "))
    }
  }

  /// What must hold before a schedule of that many entries is made.
  private func check(_ sizes: [Size: Int]) throws(SmithError) {
    let (hidden, heads) = (sizes[.hidden] ?? 0, sizes[.heads] ?? 1)
    if hidden % heads != 0 {
      throw problem(
        .mismatch, table.key(of: .heads),
        "\(heads) heads do not divide the hidden width \(hidden)",
        remedy: "--set \(table.key(of: .heads))=NUMBER")
    }
    let executed = try (sizes[.layers] ?? 1).multiplied(checked: sizes[.innerBlocks] ?? 1)
    if executed > Self.mostBlocks {
      throw problem(
        .limit, table.key(of: .layers), "\(executed) executed blocks, at most \(Self.mostBlocks)")
    }
  }

  /// What nothing stated, where a user may know better.
  var notes: [String] {
    var notes: [String] = []
    let heads = table.key(of: .heads)
    if stated(heads) == nil, let width = table.headWidth, let usualHeads {
      notes.append("\(heads) taken as \(usualHeads): the original code makes heads of \(width)")
    }
    if file == nil, stated(table.activationKey) == nil, let value = standard(table.activationKey) {
      notes.append(
        "\(table.activationKey) taken as \(value.stringValue ?? ""), the original code's")
    }
    if file != nil, table.computedActivation != nil, stated(table.activationKey) == nil,
      let value = standard(table.activationKey)
    {
      notes.append(
        "\(table.activationKey) taken as \(value.stringValue ?? ""), with which the family's models are trained: the file does not say it"
      )
    }
    if let key = table.epsilonKey, let other = table.otherEpsilon, stated(key) == nil {
      notes.append(
        "no \(key) in the configuration: taken as \(table.epsilon), as transformers does; a model trained by fairseq needs --set \(key)=\(other)"
      )
    }
    return notes
  }

  /// Whether the file says that the decoder has weights of its own, in an ecosystem whose code then looks for them.
  private var saysUntied: Bool {
    guard let tie = table.tie else { return false }
    return stated(tie.key)?.boolValue == !tie.tied
      && dialect.rules.contains { $0.canonical.text == "heads.mlm.decoder.weight" }
  }

  private var carried: JSONObject {
    var kept = JSONObject()
    for key in table.carriedKeys {
      if let value = overrides[key] ?? settings[key] { kept[key] = value }
    }
    for (place, word) in words {
      if let key = dialect.words[place]?.key { kept[key] = .string(word) }
    }
    return kept
  }

  func problem(
    _ kind: SmithError.Kind, _ key: String, _ detail: String, remedy: String? = nil
  ) -> SmithError {
    if let set = overrides[key] {
      return SmithError(.usage, "--set \(key)=\(set.serialized()): \(detail)")
    }
    return SmithError(kind, detail, at: Place(file: file?.name, item: key), remedy: remedy)
  }
}
