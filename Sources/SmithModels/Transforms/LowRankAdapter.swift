import OrderedCollections
import SmithBytes
import SmithTensors

/// A LoRA adapter as `peft` saves it (adapter_config.json and its tensors), to be merged into the stored tensors of its base (Hu et al. 2021:
/// W + α/r·B·A; Kalajdzievski 2023: α/√r; Liu et al. 2024, DoRA: rows of that scaled to learned lengths).
public struct LowRankAdapter: Sendable {
  /// α/r of a module, or α/√r.
  struct Scale: Hashable, Sendable {
    var rank: Int
    var factor: Double
  }

  /// What the tensors of one module are to it.
  enum Role: Hashable, Sendable { case down, up, embeddingDown, embeddingUp, magnitude }

  private static let prefix = "base_model.model."
  /// How the names of a module's tensors end; "default" is the adapter's own name, which newer files leave out.
  private static let endings: [(text: String, role: Role)] = [
    (".lora_A.weight", .down), (".lora_A.default.weight", .down),
    (".lora_B.weight", .up), (".lora_B.default.weight", .up),
    (".lora_embedding_A", .embeddingDown), (".lora_embedding_A.default", .embeddingDown),
    (".lora_embedding_B", .embeddingUp), (".lora_embedding_B.default", .embeddingUp),
    (".lora_magnitude_vector", .magnitude), (".lora_magnitude_vector.weight", .magnitude),
    (".lora_magnitude_vector.default.weight", .magnitude),
  ]
  /// What stands within the names of tensors that are saved whole.
  private static let wrappers = [".base_layer", ".modules_to_save.default", ".original_module"]

  let configuration: AdapterConfiguration
  /// The tensors of each module, by the module's name in the base.
  private(set) var modules: OrderedDictionary<String, [Role: Recipe]> = [:]
  /// Tensors that replace the base's, or that it lacks.
  private(set) var whole: OrderedDictionary<String, Recipe> = [:]

  /// - Parameters:
  ///   - settings: adapter_config.json.
  ///   - tensors: The adapter's, by its names, as recipes over the source that will be read.
  /// - Throws: `.unsupported` for a kind of adapter that is not merged so, `.mismatch` for tensors that are no adapter's.
  public init(_ settings: JSONObject, _ tensors: StoredTensors) throws(SmithError) {
    configuration = try AdapterConfiguration(settings)
    for (stored, recipe) in tensors {
      guard stored.hasPrefix(Self.prefix) else {
        throw SmithError(
          .mismatch, "no tensor of a PEFT adapter: its name does not begin with \(Self.prefix)",
          at: Place(item: stored))
      }
      let name = String(stored.dropFirst(Self.prefix.count))
      if let (ending, role) = Self.endings.first(where: { name.hasSuffix($0.text) }) {
        modules[String(name.dropLast(ending.count)), default: [:]][role] = recipe
      } else if name.contains(".lora_") {
        throw SmithError(
          .unsupported, "a part of an adapter that is not merged", at: Place(item: stored))
      } else {
        whole[Self.unwrapped(name)] = recipe
      }
    }
    if modules.isEmpty, whole.isEmpty {
      throw SmithError(.missing, "the adapter has no tensors")
    }
  }

  private static func unwrapped(_ name: String) -> String {
    guard let dot = name.lastIndex(of: ".") else { return name }
    let (module, parameter) = (name[..<dot], name[dot...])
    let wrapper = wrappers.first { module.hasSuffix($0) }
    return String(module.dropLast(wrapper?.count ?? 0)) + parameter
  }
}

extension LowRankAdapter {
  /// What the merge did, for a report.
  public struct Merged: Sendable {
    /// The base's tensors with their new recipes, and those it did not have.
    public var recipes: StoredTensors = [:]
    public var matrices = 0
    public var replaced = 0
    public var added = 0
  }

  /// The base's tensors that change. `.mismatch` with all that do not fit: the adapter belongs to another model.
  public func merged(into base: StoredTensors) throws(SmithError) -> Merged {
    var result = Merged()
    var problems: [String] = []
    let names = NameEndingIndex(base.keys)
    for (module, parts) in modules {
      guard let name = names.name(module + ".weight"), let weight = base[name] else {
        problems.append("no \(module).weight")
        continue
      }
      do throws(SmithError) {
        result.recipes[name] = try merged(weight, module, parts)
        result.matrices += 1
      } catch {
        if error.kind != .mismatch { throw error.at(item: name) }
        problems.append("\(name): \(error.detail)")
      }
    }
    for (name, recipe) in whole {
      let old = names.name(name)
      if let old, let tensor = base[old], tensor.shape != recipe.shape {
        problems.append("\(old): \(tensor.shape), the adapter's is \(recipe.shape)")
      }
      let type = old.flatMap { base[$0]?.dtype } ?? recipe.dtype
      result.recipes[old ?? name] = type == recipe.dtype ? recipe : .cast(recipe, to: type)
      if old == nil { result.added += 1 } else { result.replaced += 1 }
    }
    guard problems.isEmpty else { throw mismatch(problems) }
    return result
  }

  private func mismatch(_ problems: [String]) -> SmithError {
    let shown = problems.prefix(3).joined(separator: "; ")
    let more = problems.count > 3 ? "; and \(problems.count - 3) more" : ""
    return SmithError(
      .mismatch, "not the model that the adapter was trained on: \(shown)\(more)",
      remedy:
        "its base\(configuration.base.map { " (\($0))" } ?? ""), under Hugging Face's names")
  }

  private func merged(
    _ weight: Recipe, _ module: String, _ parts: [Role: Recipe]
  ) throws(SmithError) -> Recipe {
    guard weight.storedScheme == nil, weight.dtype.isFloat else {
      throw SmithError(
        .refused,
        "stored as \(weight.storedScheme ?? weight.dtype.rawValue): an adapter is merged into plain numbers",
        remedy: "convert SRC with --dtype f32 first")
    }
    let isEmbedding = parts[.embeddingDown] != nil || parts[.embeddingUp] != nil
    let (a, b) = (
      parts[isEmbedding ? .embeddingDown : .down], parts[isEmbedding ? .embeddingUp : .up]
    )
    guard let a, let b else {
      throw SmithError(.mismatch, "only one of lora_A and lora_B of \(module)")
    }
    let scale = try configuration.scale(of: module)
    // Rows of the result are inputs where the layer keeps its weight [in, out], and tokens of an embedding.
    let isTurned = configuration.isTransposed || isEmbedding
    let shape = isTurned ? Array(weight.shape.reversed()) : weight.shape
    guard a.shape.count == 2, b.shape.count == 2, shape.count == 2 else {
      throw SmithError(.unsupported, "adapters of convolutions are not merged")
    }
    guard a.shape == [scale.rank, shape[1]], b.shape == [shape[0], scale.rank] else {
      throw SmithError(
        .mismatch,
        "\(weight.shape) in the base, \(b.shape)·\(a.shape) of rank \(scale.rank) in the adapter")
    }
    let delta = isTurned ? Recipe.product(a.transposed, b.transposed) : .product(b, a)
    let terms = [weight, delta]
    guard let lengths = parts[.magnitude] else {
      if configuration.isScaledByRow {
        throw SmithError(.mismatch, "no lora_magnitude_vector of \(module)")
      }
      return .combination(terms, weights: [1, scale.factor], as: weight.dtype)
    }
    guard !isEmbedding, lengths.shape.reduce(1, *) == shape[0] else {
      throw SmithError(.unsupported, "DoRA of this layer is not merged")
    }
    let sum = Recipe.combination(terms, weights: [1, scale.factor], as: .f64)
    let vector = lengths.reshaped(to: [shape[0]])
    let scaled =
      isTurned
      ? Recipe.scalingRows(sum.transposed, lengths: vector).transposed
      : .scalingRows(sum, lengths: vector)
    return .cast(scaled, to: weight.dtype)
  }
}

/// Finds a tensor of the base by a name from another program's point of view: with or without the scope of a model's inner part (`bert.`).
private struct NameEndingIndex {
  private let names: Set<String>
  /// Names without their first component; nil where two are the same.
  private var inner: [String: String?] = [:]

  init(_ names: some Sequence<String>) {
    self.names = Set(names)
    for name in self.names {
      guard let dot = name.firstIndex(of: ".") else { continue }
      let rest = String(name[name.index(after: dot)...])
      inner[rest] = inner[rest] == nil ? .some(name) : .some(nil)
    }
  }

  func name(_ wanted: String) -> String? {
    if names.contains(wanted) { return wanted }
    if let found = inner[wanted] ?? nil { return found }
    guard let dot = wanted.firstIndex(of: ".") else { return nil }
    let rest = String(wanted[wanted.index(after: dot)...])
    return names.contains(rest) ? rest : nil
  }
}
