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

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    var transforms: [Transform] = unshare ? [.unshare] : []
    if let family {
      guard let target = Families.named(family) else {
        throw SmithError(
          .usage, "--as \(family): no such family",
          remedy: Families.all.map(\.name).joined(separator: ", "))
      }
      transforms.append(.change(to: target))
    }
    guard !transforms.isEmpty else {
      throw SmithError(.usage, "no transform given", remedy: "--unshare, --as FAMILY")
    }
    return try output.write(.model(source.model(src).applying(transforms)), to: dst)
  }
}
