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
  private let counts: [Size: Int]
  /// What stands in the names' places that take text.
  private let words: [String: String]
  /// The numbers of attention heads that the shapes show.
  private let headCounts: Set<Int>

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

  private var table: ConfigurationDialect { dialect.configuration }

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
  private func said(_ key: String) -> JSON? { overrides[key] ?? settings[key] }

  /// A setting from the user, else from the file.
  private func stated(_ key: String) -> JSON? {
    if let value = overrides[key] { return value }
    guard let value = settings[key], !value.isNull else { return nil }
    return value
  }

  /// What the ecosystem's code takes for a key that nothing states; nil where there should be a file to say it.
  private func standard(_ key: String) -> JSON? {
    file == nil && !table.isOptional ? nil : table.defaults[key]
  }

  /// As many heads as the ecosystem's code makes of itself. Without a file that holds only where the width divides: another number must
  /// have been told.
  private var usualHeads: Int? {
    guard let width = table.headWidth, let hidden = shown(.hidden)?.value else { return nil }
    if hidden % width == 0 { return hidden / width }
    return file == nil ? nil : max(1, hidden / width)
  }

  private func value(of size: Size, key: String) throws(SmithError) -> Int {
    let solved = shown(size)
    let (offsets, fixed) = (table.offsets[size] ?? [0], table.fixedSizes[size])
    if let solved, let fixed, solved.value != fixed {
      throw problem(
        .mismatch, key,
        "\(solved.value + offsets[0]) by \(solved.said), but the code of these names knows only \(fixed + offsets[0])"
      )
    }
    if let stated = stated(key) {
      guard let number = stated.intValue, (size.least...1 << 31).contains(number) else {
        throw problem(
          .malformed, key, "expected a positive whole number, got \(stated.serialized())")
      }
      if let fixed, !offsets.contains(number - fixed) {
        throw problem(
          .mismatch, key,
          "\(number), but the code of these names knows only \(fixed + offsets[0])")
      }
      if let solved, !offsets.contains(number - solved.value) {
        throw problem(
          .mismatch, key, "\(number), but \(solved.value + offsets[0]) by \(solved.said)",
          remedy: "--set \(key)=\(solved.value + offsets[0])")
      }
      return solved?.value ?? number - offsets[0]
    }
    if let solved { return solved.value }
    if let fixed { return fixed }
    if size == .heads, let usualHeads { return usualHeads }
    if let standard = standard(key)?.intValue { return standard - offsets[0] }
    let known = file == nil ? "no configuration file beside the weights says it" : "not in the file"
    throw problem(
      .missing, key, "\(known), and the shapes do not decide it",
      remedy: "--config FILE or --set \(key)=NUMBER")
  }

  /// What shapes and names say about a size.
  private func shown(_ size: Size) -> (value: Int, said: String)? {
    if let value = shapes.size(size) { return (value, shapes.source(of: size) ?? "a shape") }
    if let count = counts[size] { return (count, "the names of the \(size.rawValue)") }
    switch (size, dialect.schedule) {
    case (.heads, _) where headCounts.count == 1:
      return (headCounts.first ?? 1, "the shapes of the attention's kernels")
    case (.layers, .sequential):
      return (groups, "the number of blocks")
    case (.innerBlocks, .albertOriginal), (.innerBlocks, .albertHuggingFace):
      return (innerBlocks, "the names of the inner blocks")
    case (.groups, .albertHuggingFace):
      return (groups, "the names of the groups")
    // Google's graph makes only the groups it runs: more may be stated than are there, not fewer.
    case (.groups, .albertOriginal) where (stated("num_hidden_groups")?.intValue ?? 0) < groups:
      return (groups, "the names of the groups")
    default:
      return nil
    }
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

  private func checkDemands(_ parts: Set<String>) throws(SmithError) {
    for demand in table.demands where demand.part.map(parts.contains) ?? true {
      guard let stated = stated(demand.key), stated != demand.value else { continue }
      throw problem(
        .unsupported, demand.key,
        "\(stated.serialized()) is another computation than ours, which is that of \(demand.value.serialized())"
      )
    }
  }

  private func activation() throws(SmithError) -> Activation {
    let key = table.activationKey
    let spelling = stated(key) ?? standard(key)
    guard let spelling else {
      let example = table.defaults[key]?.stringValue ?? table.activations.first?.spelling ?? ""
      throw problem(
        .missing, key, "no configuration file says which activation it is",
        remedy: "--config FILE or --set \(key)=\(example)")
    }
    let row = table.activations.first { $0.spelling == spelling.stringValue?.lowercased() }
    guard let row else {
      let names = table.activations.map(\.spelling).joined(separator: ", ")
      throw problem(.unsupported, key, "\(spelling.serialized()) is not one of \(names)")
    }
    return row.activation
  }

  private func epsilon() throws(SmithError) -> Double {
    guard let key = table.epsilonKey else { return table.epsilon }
    guard let stated = stated(key) else {
      guard file == nil, let other = table.otherEpsilon else { return table.epsilon }
      throw problem(
        .missing, key, "no configuration file says it, and models of this family differ in it",
        remedy: "--config FILE or --set \(key)=\(other)")
    }
    guard let value = stated.doubleValue, value >= 0, value < 1 else {
      throw problem(.malformed, key, "expected a small number, got \(stated.serialized())")
    }
    return value
  }

  private func normPlacement() throws(SmithError) -> EncoderConfiguration.NormPlacement {
    guard let key = table.normPlacementKey, let stated = stated(key) else { return .post }
    guard let row = table.normPlacements.first(where: { $0.value == stated }) else {
      let names = table.normPlacements.map { $0.value.stringValue ?? $0.value.serialized() }
        .joined(separator: ", ")
      throw problem(.unsupported, key, "\(stated.serialized()) is not one of \(names)")
    }
    return row.placement
  }

  /// The padding token, where positions are counted from it on: fairseq's dictionaries have it at 1.
  private func paddingToken(_ sizes: [Size: Int]) throws(SmithError) -> Int? {
    guard let key = table.paddingKey else { return table.fixedPadding }
    guard let stated = stated(key) else { return table.defaults[key]?.intValue ?? 1 }
    let (words, positions) = (sizes[.vocabulary] ?? 0, sizes[.positions] ?? 0)
    guard let value = stated.intValue, (0..<words).contains(value) else {
      throw problem(
        .malformed, key, "expected the id of a word, 0 to \(words - 1), got \(stated.serialized())")
    }
    guard value < positions - 1 else {
      throw problem(
        .mismatch, key, "positions start at \(value + 1), but the table has \(positions)")
    }
    return value
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

  private func problem(
    _ kind: SmithError.Kind, _ key: String, _ detail: String, remedy: String? = nil
  ) -> SmithError {
    if let set = overrides[key] {
      return SmithError(.usage, "--set \(key)=\(set.serialized()): \(detail)")
    }
    return SmithError(kind, detail, at: Place(file: file?.name, item: key), remedy: remedy)
  }
}
