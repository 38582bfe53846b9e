import ArgumentParser
import Weightsmith

struct TransformCommand: SmithCommand {
  static let configuration = CommandConfiguration(
    commandName: "transform", abstract: "Change a model's structure and write the result.")

  @Argument(help: "The checkpoint to read.")
  var src: String

  @Argument(help: "What to make.")
  var dst: String

  @OptionGroup var stored: StoredChangeOptions
  @OptionGroup var other: MergeOptions

  @Flag(help: "Give every depth a block of its own: the same numbers, nothing shared.")
  var unshare = false

  @Option(
    help:
      "Let depths run one block: \(Sharing.Method.allCases.map(\.rawValue).joined(separator: ", ")). See --groups."
  )
  var share: String?

  @Option(
    help: ArgumentHelp("How many distinct blocks --share leaves; 1 by default.", valueName: "n"))
  var groups: Int?

  @OptionGroup var factors: FactorizationOptions

  @Flag(help: "Multiply a word table that is kept in factors: albert_zh's.")
  var expandEmbedding = false

  @Option(
    help: ArgumentHelp(
      "Give a BERT ALBERT's embeddings of this width, fitted, not exact; writes an albert.",
      valueName: "width"))
  var fitEmbedding: Int?

  @Option(
    name: .customLong("as"),
    help:
      "Another family that computes the same: \(Families.all.map(\.name).joined(separator: ", ")).")
  var family: String?

  @OptionGroup var sentences: InputOptions
  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    let given = try sentences.given()
    let isEmpty = try transforms(on: given).isEmpty
    try other.check()
    guard !isEmpty || !stored.isEmpty || !other.isEmpty || output.dtype != nil else {
      throw SmithError(
        .usage, "no transform given",
        remedy: "--unshare, --share METHOD, --factorize RANK, --as FAMILY, --merge-lora FOLDER")
    }
    let original = try Checkpoint.open(src, options: .strangers)
    let checkpoint = try stored.applied(to: original)
    if isEmpty, other.isEmpty, output.names == nil || output.keepsNames {
      return try rewrite(original, as: checkpoint, on: given)
    }
    let model = try Model(checkpoint, options: source.modelOptions())
    let input = try sentences.input(for: model)
    let changed = try other.applied(to: model, part: source.part, output.workers())
      .applying(transforms(on: input))
    let findings = changed.parameters.findings
    if output.dryRun, !findings.isEmpty {
      Reports.show(findings, json: output.json)
      return .fine
    }
    if !output.json { Reports.show(findings, json: false) }
    let old = stored.isEmpty ? model : try wholeModel(original)
    return try finish(from: old, to: changed, on: input) { adding throws(SmithError) in
      try output.write(.model(changed), to: dst) { () throws(SmithError) in
        var more: JSONObject = ["findings": .array(findings.map(\.json))]
        more["report"] = try adding()
        return more
      }
    }
  }

  /// Tensor by tensor under their own names, for models of every kind.
  private func rewrite(
    _ original: Checkpoint, as edited: Checkpoint, on given: VerificationInput
  ) throws(SmithError) -> Outcome {
    let old = output.dryRun ? nil : try wholeModel(original)
    let new = old == nil ? nil : try wholeModel(edited)
    var input = given
    if let old { input = try sentences.input(for: old, or: new) }
    let outcome = try finish(from: old, to: new, on: input) { adding throws(SmithError) in
      try output.writeKeepingNames(edited, to: dst) { () throws(SmithError) in
        var more = JSONObject()
        more["report"] = try adding()
        return more
      }
    }
    if let old, new == nil, !output.json { try noteIncomplete(edited, old.family) }
    return outcome
  }

  /// Writes, and reports what that did: in JSON as one value with the rest, else behind it.
  private func finish(
    from old: Model?, to new: Model?, on input: VerificationInput,
    _ write: (_ adding: () throws(SmithError) -> JSON?) throws(SmithError) -> Outcome
  ) throws(SmithError) -> Outcome {
    func report() throws(SmithError) -> TransformReport? {
      guard let old, let new, !output.dryRun, !output.noVerify else { return nil }
      // What is cut off at the end of a type's range is not in the recipes.
      let element = output.allowOverflow ? nil : try output.element()
      let written = try element.map { type throws(SmithError) in try new.applying(.cast(to: type)) }
      return try TransformReport(
        from: old, to: written ?? new, on: input.beginning, output.workers())
    }
    let outcome = try write { () throws(SmithError) in try report()?.json }
    if !output.json, let report = try report() { Reports.show(report) }
    return outcome
  }

  /// The checkpoint as a model, nil where it is of no family we know.
  private func wholeModel(_ checkpoint: Checkpoint) throws(SmithError) -> Model? {
    let options = try source.modelOptions()
    return try? Model(checkpoint, options: options)
  }

  /// What the rest lacks to be the model that it was.
  private func noteIncomplete(_ checkpoint: Checkpoint, _ family: String) throws(SmithError) {
    let options = try source.modelOptions()
    do throws(SmithError) { _ = try Model(checkpoint, options: options) } catch {
      Console.print("note: no whole \(family) any more: \(error.detail.escapedForTerminal)")
    }
  }

  /// In the order in which they make sense: structure, numbers, family.
  private func transforms(on input: VerificationInput) throws(SmithError) -> [Transform] {
    let workers = try output.workers()
    var transforms: [Transform] = unshare ? [.unshare] : []
    if expandEmbedding { transforms.append(.expandEmbedding) }
    if let shared = try sharing(on: input, workers) { transforms.append(shared) }
    if let factorized = try factors.transform(on: sentences.isEmpty ? nil : input, workers) {
      transforms.append(factorized)
    }
    if let fitEmbedding { transforms.append(.fitEmbedding(width: fitEmbedding, workers: workers)) }
    if let family {
      guard let target = Families.named(family) else {
        throw SmithError(
          .usage, "--as \(family): no such family",
          remedy: Families.all.map(\.name).joined(separator: ", "))
      }
      transforms.append(.change(to: target))
    }
    return transforms
  }

  private func sharing(
    on input: VerificationInput, _ workers: Workers
  ) throws(SmithError) -> Transform? {
    guard let share else {
      if groups == nil { return nil }
      throw SmithError(.usage, "--groups says nothing without --share")
    }
    guard let method = Sharing.Method(rawValue: share) else {
      throw SmithError(
        .usage, "--share \(share): no such method",
        remedy: Sharing.Method.allCases.map(\.rawValue).joined(separator: ", "))
    }
    // Each candidate of best runs all of it at once; least squares only keeps sums.
    let read = method == .squares ? input : input.beginning
    return .share(method, groups: groups ?? 1, on: read, workers: workers)
  }
}
