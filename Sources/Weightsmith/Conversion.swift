import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors

/// Writes a model, or any checkpoint, into another container under another ecosystem's names.
public struct Conversion: Sendable {
  /// What stands at the destination in the end, and under which names.
  public struct Target: Sendable {
    public var format: any ContainerFormat.Type
    /// Nil keeps the stored names: container to container, for any model.
    public var names: Dialect.Name?
    /// The element type of floating-point tensors; nil keeps each one's own.
    public var dtype: DType?
    public var maxShardBytes: Int?
    /// Whether finite numbers too large for `dtype` become the largest it has; they are refused otherwise.
    public var saturates = false

    public init(
      format: any ContainerFormat.Type, names: Dialect.Name?, dtype: DType? = nil,
      maxShardBytes: Int? = nil
    ) {
      self.format = format
      self.names = names
      self.dtype = dtype
      self.maxShardBytes = maxShardBytes
    }
  }

  public enum Input: Sendable {
    case model(Model)
    case checkpoint(Checkpoint)

    var checkpoint: Checkpoint {
      switch self {
      case .model(let model): model.checkpoint
      case .checkpoint(let checkpoint): checkpoint
      }
    }
  }

  public var input: Input
  public var target: Target
  public var destination: String
  public var overwrite = false
  /// Whether the output is read back and compared before it gets its name.
  public var verifies = true
  /// Whether `run` returns only when the disk holds a new output, too; one that replaces another is always waited for.
  public var synchronizes = false
  public var workers = Workers.all

  public init(_ input: Input, to target: Target, at destination: String) {
    self.input = input
    self.target = target
    self.destination = destination
  }

  /// What `run` would do. Reads metadata only, but for maps that must be compared with the identity.
  public func prepare() throws(SmithError) -> Prepared {
    do throws(SmithError) {
      let rules = try TargetRules(target)
      var prepared: Prepared
      switch (input, target.names) {
      case (.model(let model), let names?): prepared = try prepare(model, names: names)
      case (.model(let model), nil) where model.isTransformed:
        throw SmithError(
          .usage, "a transformed model has other tensors than its source: the names cannot be kept",
          remedy: "--names hf, or another ecosystem's")
      default:
        let checkpoint = input.checkpoint
        var planner = VerbatimPlanner(checkpoint: checkpoint, dtype: target.dtype)
        let plan = try planner.plan()
        let companions = Companion.copied(from: checkpoint)
        prepared = Prepared(
          plan: plan,
          companions: try planner.decodes ? Companion.unquantized(companions) : companions,
          written: nil)
      }
      prepared.plan.notes = input.checkpoint.source.notes + prepared.plan.notes
      try rules.apply(to: &prepared.plan)
      prepared.plan.saturates = target.saturates
      return prepared
    } catch { throw error.at(file: input.checkpoint.path) }
  }

  /// A plan with everything the execution needs besides.
  public struct Prepared: Sendable {
    public var plan: Plan
    /// Files that go along: name and text of those we write, name and origin of those we copy.
    public var companions: [Companion]
    /// The parameters as they will be written, nil for a verbatim conversion.
    var written: Parameters?
    /// What a single file of weights is called, nil for the container's usual name.
    var fileName: String?
    /// What stands around the tensors, where the names are those of a program that keeps its settings so.
    var envelope: WriterOptions.Envelope?
    /// Whether the model's settings are entries of the output itself.
    var hasEntries = false
  }

  private func prepare(_ model: Model, names: Dialect.Name) throws(SmithError) -> Prepared {
    let family = Families.named(model.family)
    guard let family, let dialect = family.dialect(names, for: model.parameters),
      dialect.isWritable
    else {
      let tables = family?.dialects.filter(\.isWritable) ?? []
      let known = Dialect.Name.allCases.filter { name in tables.contains { $0.name == name } }
        .map(\.rawValue)
      throw SmithError(
        .refused,
        "\(model.family) has no \(names.rawValue) names, only \(known.joined(separator: ", "))",
        remedy: "--names \((known + ["keep"]).joined(separator: ", or "))")
    }
    if let layout = model.parameters.layout {
      guard target.format.name == "safetensors", names == .hf else {
        throw SmithError(
          .refused, "the layout of \(layout) stands in safetensors under the names of hf",
          remedy: "--to safetensors --names hf, or --layout \(Layouts.own)")
      }
    }
    let source = model.source
    let planner = Planner(family: family, dialect: dialect, dtype: target.dtype) {
      recipe throws(SmithError) in try recipe.isNeutral(in: source)
    }
    var (plan, written) = try planner.plan(model.parameters)
    plan.notes = model.notes + plan.notes
    let hasEntries = dialect.configuration.entryPrefix != nil
    if hasEntries { try addEntries(to: &plan, written, dialect) }
    addFormatTag(to: &plan, names: names)
    var companions = Companion.all(
      of: model.checkpoint, written: written, family: family, dialect: dialect)
    if !hasEntries { companions += try Self.vocabulary(of: model.checkpoint, beside: companions) }
    let home = dialect.homes.first { $0.container == target.format.name }
    let envelope = dialect.configuration.embedding.map {
      WriterOptions.Envelope(
        settings: $0.settings,
        values: written.configuration.written(for: dialect, family: family), model: $0.model,
        rest: $0.rest)
    }
    if let envelope {
      try refuseOtherContainers(names)
      let paths = dialect.configuration.embedding?.paths ?? []
      // Settings that are written again are not lost.
      plan.metadata.removeAll { entry in
        paths.contains { path in
          entry.key.hasPrefix(path)
            && envelope.values[String(entry.key.dropFirst(path.count))] == entry.value.json
        }
      }
    }
    return Prepared(
      plan: plan, companions: companions, written: written, fileName: home?.file,
      envelope: envelope, hasEntries: hasEntries)
  }

  /// Settings, kind and vocabulary of the model, in front of all other metadata.
  private func addEntries(
    to plan: inout Plan, _ written: Parameters, _ dialect: Dialect
  ) throws(SmithError) {
    guard target.format.writer?.typesMetadata ?? false else {
      throw SmithError(
        .refused,
        "\(dialect.name.rawValue) keeps its settings beside the tensors, for which \(target.format.name) has no place",
        remedy: "--to gguf")
    }
    let model = GGUFModelEntries(
      checkpoint: input.checkpoint, written: written, dialect: dialect, dtype: target.dtype)
    let entries = try model.entries(notes: &plan.notes)
    plan.metadata = ContainerMetadata(entries + plan.metadata.entries)
  }

  /// The tokenizer files of a checkpoint that has its vocabulary in itself, where none lie beside it.
  private static func vocabulary(
    of checkpoint: Checkpoint, beside companions: [Companion]
  ) throws(SmithError) -> [Companion] {
    let isThere = companions.contains { ["vocab.txt", "tokenizer.json"].contains($0.name) }
    if isThere { return [] }
    let words = try WordPieceVocabulary(checkpoint.source.typedMetadata)
    return (words?.companions ?? []).filter { file in
      !companions.contains { $0.name == file.name }
    }
  }

  /// A program's settings that stand beside its tensors have no place anywhere else.
  private func refuseOtherContainers(_ names: Dialect.Name) throws(SmithError) {
    if target.format.writer?.takesEnvelope ?? false { return }
    let formats = Formats.all.filter { $0.writer?.takesEnvelope ?? false }.map { $0.name }
    throw SmithError(
      .refused,
      "\(names.rawValue) keeps its settings beside the tensors, for which \(target.format.name) has no place",
      remedy: "--to \(formats.joined(separator: ", or "))")
  }

  /// The source's own metadata goes along into a container of its kind, and transformers looks for `format` in a safetensors file's.
  private func addFormatTag(to plan: inout Plan, names: Dialect.Name) {
    if target.format.name == input.checkpoint.container {
      let own = Set(plan.metadata.keys)
      let entries = input.checkpoint.source.typedMetadata.entries
      plan.metadata = ContainerMetadata(
        plan.metadata.entries
          + entries.filter { !own.contains($0.key) && $0.key != StoredSchemes.key })
    }
    if target.format.name == "safetensors", names == .hf { plan.metadata["format"] = "pt" }
  }
}

extension Recipe {
  /// Whether it changes nothing as a map: an identity matrix, a vector of zeros.
  func isNeutral(in source: any TensorSource) throws(SmithError) -> Bool {
    var evaluator = RecipeEvaluator(source: source)
    return try evaluator.floats(self).isIdentity(width: shape.count == 2 ? shape[1] : nil)
  }
}

extension [Float] {
  /// Whether a square matrix of this width is the identity, or a vector all zeros (no width).
  fileprivate func isIdentity(width: Int?) -> Bool {
    guard let width else { return allSatisfy { $0 == 0 } }
    guard width * width == count else { return false }
    return indices.allSatisfy { self[$0] == ($0 / width == $0 % width ? 1 : 0) }
  }
}
