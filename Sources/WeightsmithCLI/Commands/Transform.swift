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

  @OptionGroup var sentences: InputOptions
  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    let input = try sentences.input()
    let transforms = try transforms(judgedOn: input)
    let model = try source.model(src)
    let changed = try model.applying(transforms)
    if output.dryRun, !changed.parameters.findings.isEmpty {
      Reports.show(changed.parameters.findings, json: output.json)
      return .fine
    }
    if !output.json { Reports.show(changed.parameters.findings, json: false) }
    let outcome = try output.write(.model(changed), to: dst)
    guard !output.dryRun, !output.json, !output.noVerify else { return outcome }
    Reports.show(try TransformReport(from: model, to: changed, on: input, output.workers()))
    return outcome
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
    guard !transforms.isEmpty else {
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
