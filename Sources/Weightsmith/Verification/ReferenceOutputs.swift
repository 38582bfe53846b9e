import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors

/// What another program computed for an input, out of a file: `input_ids`, optionally `attention_mask` and `token_type_ids` [B, S], and
/// activations under the names that our samples use or under canonical ones.
public struct ReferenceOutputs: Sendable {
  public let path: String
  public let input: ModelInput
  /// Activations by their name in the file, f32.
  let activations: [(name: String, shape: [Int], values: [Float])]

  /// Outputs larger than this are no reference for a forward pass, bytes.
  private static let sizeLimit = 1 << 30

  /// `.missing` without `input_ids`, `.limit` for a file that can only be a model.
  public init(_ path: String, options: OpenOptions = OpenOptions()) throws(SmithError) {
    let checkpoint = try Checkpoint.open(path, options: options)
    let names = Set(checkpoint.tensors.map(\.name))
    guard names.contains("input_ids") || names.contains(Self.characterIDs) else {
      throw SmithError(
        .missing, "a reference file needs the input it was computed for",
        at: Place(file: path, item: "input_ids"),
        remedy: "write input_ids [B, S] or char_ids [B, S, C] beside the outputs")
    }
    let size = checkpoint.tensors.reduce(0) { $0 + $1.byteCount }
    guard size <= Self.sizeLimit else {
      throw SmithError(
        .limit, "\(size) bytes of outputs, at most \(Self.sizeLimit) are read",
        at: Place(file: path))
    }
    var tensors: [String: (shape: [Int], values: [Float])] = [:]
    var evaluator = RecipeEvaluator(source: checkpoint.source)
    // A remark beside the numbers is no output.
    let unreadable: Set<DType> = [.string, .opaque]
    for (name, recipe) in try checkpoint.stored()
    where !unreadable.contains(recipe.dtype) {
      do throws(SmithError) {
        tensors[name] = (recipe.shape, try evaluator.floats(recipe))
      } catch { throw error.at(file: path, item: name) }
    }
    if let characters = tensors[Self.characterIDs] {
      input = .characters(try Self.characters(characters, path))
    } else {
      input = .tokens(
        EncoderInput(
          ids: try Self.integers(tensors["input_ids"], "input_ids", path) ?? [],
          attentionMask: try Self.integers(tensors["attention_mask"], "attention_mask", path),
          tokenTypes: try Self.integers(tensors["token_type_ids"], "token_type_ids", path)))
    }
    let inputs = [
      "input_ids", "attention_mask", "token_type_ids", "position_ids", Self.characterIDs,
      "lengths",
    ]
    activations = tensors.filter { !inputs.contains($0.key) }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value.shape, $0.value.values) }
    self.path = path
  }

  private static func integers(
    _ tensor: (shape: [Int], values: [Float])?, _ name: String, _ path: String
  ) throws(SmithError) -> [[Int]]? {
    guard let tensor else { return nil }
    guard tensor.shape.count == 2, tensor.shape[1] > 0,
      tensor.values.allSatisfy({ $0 >= 0 && $0 < Float(1 << 24) && $0 == $0.rounded() })
    else {
      throw SmithError(
        .malformed, "expected whole numbers [B, S]", at: Place(file: path, item: name))
    }
    return stride(from: 0, to: tensor.values.count, by: tensor.shape[1]).map { start in
      tensor.values[start..<(start + tensor.shape[1])].map { Int($0) }
    }
  }

  /// The file's activations as taps of our own pass, in its order. What we have no counterpart for is left out and named.
  ///
  /// - Parameters:
  ///   - pass: Our own pass.
  ///   - part: Which model of several it was (`discriminator.logits`); the outputs of the others are not looked at.
  ///   - others: The names of the others.
  /// - Returns: The taps that the file has values for, and the names of values without a tap.
  func matched(
    with pass: Activations<Float>, part: String? = nil, beside others: [String] = []
  ) -> (taps: [Activations<Float>.Tap], unmatched: [String]) {
    var found: [String: Activations<Float>.Tap] = [:]
    var unmatched: [String] = []
    func isOthers(_ name: String) -> Bool { others.contains { name.hasPrefix("\($0).") } }
    let isShared = activations.contains { isOthers($0.name) }
    for (full, shape, values) in Self.unstacked(activations) where !isOthers(full) {
      let isOwn = part.map { full.hasPrefix("\($0).") } ?? false
      let name = isOwn ? String(full.dropFirst((part?.count ?? 0) + 1)) : full
      let tap = Self.canonicalNames(name).lazy.compactMap { pass[$0] }.first {
        // A single number for each token may come without its dimension.
        $0.shape == shape || $0.shape == shape + [1]
      }
      if let tap {
        found[tap.name] = Activations<Float>.Tap(name: tap.name, shape: tap.shape, values: values)
      } else if name != "start_logits", name != "end_logits", isOwn || !isShared {
        unmatched.append(full)
      }
    }
    if let span = spans(in: pass) { found[span.name] = span }
    return (pass.taps.compactMap { found[$0.name] }, unmatched)
  }

  /// Start and end logits [B, S] of the original SQuAD code as our span logits [B, S, 2].
  private func spans(in pass: Activations<Float>) -> Activations<Float>.Tap? {
    guard let tap = pass["heads.span.logits"],
      let start = activations.first(where: { $0.name == "start_logits" })?.values,
      let end = activations.first(where: { $0.name == "end_logits" })?.values,
      start.count + end.count == tap.values.count, start.count == end.count
    else { return nil }
    return Activations<Float>.Tap(
      name: tap.name, shape: tap.shape, values: zip(start, end).flatMap { [$0, $1] })
  }

  /// Our names for a name in the file; several where only the shape decides.
  private static func canonicalNames(_ name: String) -> [String] {
    let parts = name.split(separator: ".")
    if parts.count == 2, let number = Int(parts[1]) {
      switch parts[0] {
      case "layer_output": return ["layers.\(number).output"]
      case "hidden", "hidden_states":
        return number == 0
          ? ["embeddings.projected", "embeddings"] : ["layers.\(number - 1).output"]
      default: break
      }
    }
    switch name {
    case "mlm_logits", "sop_logits", "nsp_logits": return ["heads.\(name.prefix(3)).logits"]
    case "pooler_output": return ["pooled"]
    case "embeddings_projected": return ["embeddings.projected"]
    case "last_hidden_state": return (0..<1000).reversed().map { "layers.\($0).output" }
    case "logits":
      return ["sequence", "token", "span", "mlm", "sop", "nsp", "discriminator"].map {
        "heads.\($0).logits"
      }
    default: return [name]
    }
  }
}

extension Verification {
  /// Compares the candidate's activations with what another program computed: the only comparison in which a wrong table cannot be wrong
  /// on both sides. The tensors are compared with the reference model's as always.
  public func compare(
    against outputs: ReferenceOutputs, progress: @Sendable (Progress) -> Void = { _ in }
  ) throws(SmithError) -> VerificationReport {
    let tensors = try TensorComparison(reference: reference, candidate: candidate, workers: workers)
      .run(progress)
    var report = VerificationReport(policy: policy ?? chosenPolicy, tensors: tensors)
    let actual: Activations<Float>
    do throws(SmithError) {
      actual = try candidate.run(
        outputs.input, taps: .everyLayer, products: candidateProducts, workers: workers)
    } catch {
      // An input that the model has no embedding for is the file's fault here, not the caller's.
      throw error.kind == .usage
        ? SmithError(.mismatch, error.detail, at: error.place).at(file: outputs.path) : error
    }
    let parts = Families.named(candidate.family)?.dialects.compactMap(\.part) ?? []
    let (expected, unmatched) = outputs.matched(
      with: actual, part: candidate.part, beside: parts.filter { $0 != candidate.part })
    if expected.isEmpty {
      throw SmithError(
        .mismatch,
        "no output in the file belongs to this model (\(unmatched.joined(separator: ", ")))",
        at: Place(file: outputs.path))
    }
    for name in unmatched {
      report.refuse("\(name) in \(outputs.path) has no counterpart of its shape in the model")
    }
    let comparison = LayerComparison(input: outputs.input)
    let own = try reference.run(
      outputs.input, taps: .everyLayer, products: .decoded, workers: workers)
    let floors = try floors(of: own, on: outputs.input, comparison)
    report.layers = expected.compactMap { tap in
      actual[tap.name].map { row(tap, $0, floor: floors[tap.name] ?? 0, alone: nil, comparison) }
    }
    report.multipliesBytes = multipliesBytes
    return report
  }
}
