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
  public var workers = Workers.all

  public init(_ input: Input, to target: Target, at destination: String) {
    self.input = input
    self.target = target
    self.destination = destination
  }

  /// What `run` would do. Reads metadata only, but for maps that must be compared with the identity.
  public func prepare() throws(SmithError) -> Prepared {
    do throws(SmithError) {
      let prepared: Prepared
      switch (input, target.names) {
      case (.model(let model), let names?): prepared = try prepare(model, names: names)
      default: prepared = try prepareVerbatim(input.checkpoint)
      }
      try refuseUnwritable(prepared.plan)
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
  }

  private func prepare(_ model: Model, names: Dialect.Name) throws(SmithError) -> Prepared {
    guard let family = Families.named(model.family), let dialect = family.dialect(names) else {
      throw SmithError(.refused, "\(model.family) has no names of the kind \(names.rawValue)")
    }
    let source = model.source
    let planner = Planner(family: family, dialect: dialect, dtype: target.dtype) {
      recipe throws(SmithError) in
      var evaluator = RecipeEvaluator(source: source)
      return try evaluator.floats(recipe).isIdentity(
        width: recipe.shape.count == 2 ? recipe.shape[1] : nil)
    }
    var (plan, written) = try planner.plan(model.parameters)
    plan.notes = model.notes + plan.notes
    addFormatTag(to: &plan, names: names)
    let companions = Companion.all(
      of: model.checkpoint, written: written, family: family, dialect: dialect)
    return Prepared(plan: plan, companions: companions, written: written)
  }

  /// Container to container: every readable tensor under its own name.
  private func prepareVerbatim(_ checkpoint: Checkpoint) throws(SmithError) -> Prepared {
    var plan = Plan(outputs: [], fates: [], metadata: checkpoint.metadata)
    let codes = target.dtype == nil ? [] : try Self.quantizedTensors(checkpoint)
    for tensor in checkpoint.tensors {
      guard let dtype = tensor.encoding.dtype, dtype.bits > 0 else {
        plan.fates.append(
          TensorFate(
            tensor: tensor.name, kind: .ignored,
            detail: "\(tensor.encoding.name): no numbers to write"))
        continue
      }
      let recipe = Recipe.source(name: tensor.name, dtype: dtype, shape: tensor.shape)
      var output = recipe
      if let type = target.dtype, dtype.isFloat, dtype != type, !codes.contains(tensor.name) {
        output = .cast(recipe, to: type)
      }
      plan.outputs.append(Plan.Output(name: tensor.name, recipe: output))
      plan.fates.append(TensorFate(tensor: tensor.name, kind: .used, detail: tensor.name))
    }
    return Prepared(plan: plan, companions: Companion.copied(from: checkpoint), written: nil)
  }

  /// Codes and scales of our own schemes, which keep their types: another scale type would be another layout.
  private static func quantizedTensors(_ checkpoint: Checkpoint) throws(SmithError) -> Set<String> {
    let recipes = try StoredSchemes.fold(checkpoint.source).values
    return Set(recipes.filter { $0.storedScheme != nil }.flatMap(\.sources))
  }

  /// transformers looks for `format` in a safetensors file's metadata.
  private func addFormatTag(to plan: inout Plan, names: Dialect.Name) {
    for (key, value) in input.checkpoint.metadata
    where plan.metadata[key] == nil && key != StoredSchemes.key {
      if target.format.name == input.checkpoint.container { plan.metadata[key] = value }
    }
    if target.format.name == "safetensors", names == .hf { plan.metadata["format"] = "pt" }
  }

  private func refuseUnwritable(_ plan: Plan) throws(SmithError) {
    guard let writer = target.format.writer else {
      throw SmithError(
        .unsupported, "\(target.format.name) is read, not written",
        remedy:
          "--to \(Formats.all.filter { $0.writer != nil }.map { $0.name }.joined(separator: " or "))"
      )
    }
    if let output = plan.outputs.first(where: { !writer.dtypes.contains($0.dtype) }) {
      throw SmithError(
        .refused, "\(target.format.name) cannot hold \(output.dtype.rawValue)",
        at: Place(item: output.name),
        remedy: "--dtype f32")
    }
    if plan.metadata[StoredSchemes.key] != nil, !writer.keepsMetadata {
      throw SmithError(
        .refused, "\(target.format.name) has no place to say which tensors are quantized",
        remedy: "--to safetensors, or --dtype f32 with an ecosystem's --names")
    }
    var names: Set<String> = []
    for output in plan.outputs where !names.insert(output.name).inserted {
      throw SmithError(
        .mismatch, "two parameters would get this name", at: Place(item: output.name))
    }
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
