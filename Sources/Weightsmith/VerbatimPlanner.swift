import SmithBytes
import SmithModels
import SmithTensors

/// Plans a copy from container to container, for any model: every tensor under its own name, in its own type unless another is asked
/// for, and the source's metadata.
struct VerbatimPlanner {
  let checkpoint: Checkpoint
  /// The element type of floating-point tensors, and of blocks that can be decoded; nil keeps each one's own.
  let dtype: DType?

  /// Whether `plan` decodes what a configuration file calls quantized.
  private(set) var decodes = false

  init(checkpoint: Checkpoint, dtype: DType?) {
    self.checkpoint = checkpoint
    self.dtype = dtype
  }

  mutating func plan() throws(SmithError) -> Plan {
    var plan = Plan(outputs: [], fates: [], metadata: checkpoint.source.typedMetadata)
    let values = dtype == nil ? [:] : try checkpoint.stored()
    // The parts of quantized tensors by name, and whose they are: decoded ones are no tensors of their own.
    let owners = values.owners
    var written: Set<String> = []
    for tensor in checkpoint.tensors {
      if let recipe = checkpoint.merged[tensor.name] {
        plan.outputs.append(Plan.Output(name: tensor.name, recipe: cast(recipe)))
        plan.fates.append(TensorFate(tensor: tensor.name, kind: .used, detail: tensor.name))
      } else if let owner = owners[tensor.name] {
        plan.fates.append(TensorFate(tensor: tensor.name, kind: .used, detail: owner))
        if written.insert(owner).inserted, let recipe = values[owner] {
          plan.outputs.append(Plan.Output(name: owner, recipe: cast(recipe)))
        }
      } else if tensor.encoding.dtype != nil, dtype != nil, values[tensor.name] == nil {
        plan.fates.append(
          TensorFate(
            tensor: tensor.name, kind: .used, detail: "says how a quantized matrix is stored"))
      } else if let output = copy(of: tensor) {
        plan.outputs.append(output)
        plan.fates.append(TensorFate(tensor: tensor.name, kind: .used, detail: tensor.name))
      } else {
        plan.fates.append(
          TensorFate(
            tensor: tensor.name, kind: .ignored,
            detail: "\(tensor.encoding.name): no numbers to write"))
      }
    }
    let own = Set(checkpoint.tensors.map(\.name))
    for (name, recipe) in checkpoint.merged where !own.contains(name) {
      plan.outputs.append(Plan.Output(name: name, recipe: cast(recipe)))
    }
    if !owners.isEmpty {
      plan.metadata[StoredSchemes.key] = nil
      decodes = true
    }
    if let note = undecoded(plan) { plan.notes.append(note) }
    return plan
  }

  /// The tensor as it is stored; nil for text and what cannot be read.
  private func copy(of tensor: TensorInfo) -> Plan.Output? {
    switch tensor.encoding {
    case .plain(let type):
      guard type.bits > 0 else { return nil }
      let recipe = Recipe.source(name: tensor.name, dtype: type, shape: tensor.shape)
      return Plan.Output(name: tensor.name, recipe: cast(recipe))
    case .scheme(let scheme):
      return Plan.Output(
        name: tensor.name, scheme: scheme, shape: tensor.shape,
        blocks: .source(name: tensor.name, dtype: .u8, shape: [tensor.byteCount]))
    }
  }

  private func cast(_ recipe: Recipe) -> Recipe {
    guard let dtype, recipe.dtype.isFloat, recipe.dtype != dtype else { return recipe }
    return .cast(recipe, to: dtype)
  }

  /// What `--dtype` asked for and could not be done.
  private func undecoded(_ plan: Plan) -> String? {
    guard let dtype else { return nil }
    let kept = plan.outputs.filter { $0.encoding.dtype == nil }
    if kept.isEmpty { return nil }
    let schemes = Set(kept.map(\.encoding.name)).sorted().joined(separator: ", ")
    return "kept as blocks, not \(dtype.rawValue): "
      + "\(kept.count) tensors in \(schemes), which we do not decode"
  }
}
