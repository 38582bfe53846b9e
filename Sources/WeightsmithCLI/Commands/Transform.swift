import ArgumentParser
import Weightsmith

struct TransformCommand: SmithCommand {
  static let configuration = CommandConfiguration(
    commandName: "transform", abstract: "Change a model's structure and write the result.")

  @Argument(help: "The checkpoint to read.")
  var src: String

  @Argument(help: "What to make.")
  var dst: String

  @Flag(help: "Give every depth a block of its own: the same numbers, nothing shared.")
  var unshare = false

  @Option(
    name: .customLong("as"),
    help:
      "Another family that computes the same: \(Families.all.map(\.name).joined(separator: ", ")).")
  var family: String?

  @Option(
    help:
      "Let depths run one block: \(Sharing.Method.allCases.map(\.rawValue).joined(separator: ", ")). See --groups."
  )
  var share: String?

  @Option(
    help: ArgumentHelp("How many distinct blocks --share leaves; 1 by default.", valueName: "n"))
  var groups: Int?

  @Option(
    help: ArgumentHelp(
      "Cut the word table to a lower rank: a number, or energy=0.99 for the smallest that keeps this share.",
      valueName: "rank"))
  var factorize: String?

  @Option(
    help: ArgumentHelp(
      "Which matrices --factorize takes instead, by canonical name; repeat for more.",
      valueName: "glob"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "Keep only the tensors whose stored name matches; repeat for more.", valueName: "glob"))
  var keep: [String] = []

  @Option(
    help: ArgumentHelp(
      "Leave out the tensors whose stored name matches; repeat for more.", valueName: "glob"))
  var drop: [String] = []

  @Option(
    help: ArgumentHelp(
      "Give stored names another form, each * of NEW being that of OLD; repeat for more.",
      valueName: "old=new"))
  var rename: [String] = []

  @Option(
    help: ArgumentHelp(
      "Merge a LoRA or DoRA adapter into its base: the folder that peft saved; repeat for more.",
      valueName: "folder"))
  var mergeLora: [String] = []

  @Option(
    help: ArgumentHelp(
      "Merge with another checkpoint of the same configuration. See --weight, --slerp.",
      valueName: "other"))
  var merge: String?

  @Option(
    help: ArgumentHelp(
      "The other's share in a linear --merge, 0 to 1; 0.5 by default.", valueName: "t"))
  var weight: Double?

  @Option(
    help: ArgumentHelp(
      "Merge along the great circle instead, so far towards the other, 0 to 1.", valueName: "t"))
  var slerp: Double?

  @OptionGroup var sentences: InputOptions
  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    let input = try sentences.input()
    let transforms = try transforms(judgedOn: input)
    let original = try Checkpoint.open(src, options: .strangers)
    let checkpoint = try edited(original)
    let interpolation = try interpolation()
    if transforms.isEmpty, interpolation == nil, output.names == nil || output.keepsNames {
      return try rewrite(original, as: checkpoint, on: input)
    }
    let model = try Model(checkpoint, options: source.modelOptions())
    let changed = try merged(model, interpolation).applying(transforms)
    if output.dryRun, !changed.parameters.findings.isEmpty {
      Reports.show(changed.parameters.findings, json: output.json)
      return .fine
    }
    if !output.json { Reports.show(changed.parameters.findings, json: false) }
    let outcome = try output.write(.model(changed), to: dst)
    try report(from: isEdited ? wholeModel(original) : model, to: changed, on: input)
    return outcome
  }

  /// `--weight` or `--slerp` of a `--merge`.
  private func interpolation() throws(SmithError) -> Interpolation? {
    guard merge != nil else {
      guard weight == nil, slerp == nil else {
        throw SmithError(.usage, "--weight and --slerp say nothing without --merge")
      }
      return nil
    }
    guard weight == nil || slerp == nil else {
      throw SmithError(.usage, "--weight and --slerp: one or the other")
    }
    if let slerp { return Interpolation(.spherical, t: slerp) }
    return Interpolation(.linear, t: weight ?? 0.5)
  }

  private func merged(
    _ model: Model, _ interpolation: Interpolation?
  ) throws(SmithError) -> Model {
    guard let merge, let interpolation else { return model }
    var options = Model.Options()
    options.part = source.part
    let other = try Model(Checkpoint.open(merge, options: .strangers), options: options)
    return try model.merging(other, interpolation, workers: output.workers())
  }

  private var isEdited: Bool {
    !(keep.isEmpty && drop.isEmpty && rename.isEmpty && mergeLora.isEmpty)
  }

  /// What is done to stored tensors, whatever the model: names, then adapters.
  private func edited(_ checkpoint: Checkpoint) throws(SmithError) -> Checkpoint {
    let renamings = try rename.map { text throws(SmithError) in
      guard let equals = text.firstIndex(of: "=") else {
        throw SmithError(
          .usage, "--rename \(text): expected OLD=NEW",
          remedy: "--rename 'encoder.*=bert.encoder.*'")
      }
      return try NameChanges.Renaming(
        String(text[..<equals]), to: String(text[text.index(after: equals)...]))
    }
    var result = try checkpoint.applying(
      NameChanges(keep: keep.map(Glob.init), drop: drop.map(Glob.init), rename: renamings))
    for folder in mergeLora { result = try result.merging(adapter: folder, options: .strangers) }
    return result
  }

  /// Tensor by tensor under their own names, for models of every kind.
  private func rewrite(
    _ original: Checkpoint, as edited: Checkpoint, on input: VerificationInput
  ) throws(SmithError) -> Outcome {
    let outcome = try output.writeKeepingNames(edited, to: dst)
    guard !output.dryRun, let old = try wholeModel(original) else { return outcome }
    let new: Model
    do throws(SmithError) { new = try Model(edited, options: source.modelOptions()) } catch {
      if !output.json {
        Console.print("note: no whole \(old.family) any more: \(error.detail.escapedForTerminal)")
      }
      return outcome
    }
    try report(from: old, to: new, on: input)
    return outcome
  }

  /// The checkpoint as a model, nil where it is of no family we know.
  private func wholeModel(_ checkpoint: Checkpoint) throws(SmithError) -> Model? {
    let options = try source.modelOptions()
    return try? Model(checkpoint, options: options)
  }

  private func report(
    from old: Model?, to new: Model, on input: VerificationInput
  ) throws(SmithError) {
    guard let old, !output.dryRun, !output.json, !output.noVerify else { return }
    // What is cut off at the end of a type's range is not in the recipes.
    let element = output.allowOverflow ? nil : try output.element()
    let written = try element.map { type throws(SmithError) in try new.applying(.cast(to: type)) }
    Reports.show(
      try TransformReport(from: old, to: written ?? new, on: input, output.workers()))
  }

  /// In the order in which they make sense: structure, numbers, family.
  private func transforms(judgedOn input: VerificationInput) throws(SmithError) -> [Transform] {
    let workers = try output.workers()
    var transforms: [Transform] = unshare ? [.unshare] : []
    if let share {
      guard let method = Sharing.Method(rawValue: share) else {
        throw SmithError(
          .usage, "--share \(share): no such method",
          remedy: Sharing.Method.allCases.map(\.rawValue).joined(separator: ", "))
      }
      transforms.append(.share(method, groups: groups ?? 1, on: input, workers: workers))
    } else if groups != nil {
      throw SmithError(.usage, "--groups says nothing without --share")
    }
    if let factorize {
      transforms.append(
        .factorize(try rank(factorize), only: only.map(Glob.init), workers: workers))
    } else if !only.isEmpty {
      throw SmithError(.usage, "--only says nothing without --factorize")
    }
    if let family {
      guard let target = Families.named(family) else {
        throw SmithError(
          .usage, "--as \(family): no such family",
          remedy: Families.all.map(\.name).joined(separator: ", "))
      }
      transforms.append(.change(to: target))
    }
    guard !transforms.isEmpty || isEdited || merge != nil || output.dtype != nil else {
      throw SmithError(
        .usage, "no transform given",
        remedy: "--unshare, --share METHOD, --factorize RANK, --as FAMILY")
    }
    return transforms
  }

  private func rank(_ text: String) throws(SmithError) -> Factorization.Rank {
    if let rank = Int(text) { return .exactly(rank) }
    if text.hasPrefix("energy="), let share = Double(text.dropFirst(7)), share > 0, share <= 1 {
      return .energy(share)
    }
    throw SmithError(
      .usage, "--factorize \(text): expected a rank or a share of the energy",
      remedy: "--factorize 128, or --factorize energy=0.99")
  }
}
