import ArgumentParser
import Weightsmith

/// What is done to stored tensors before anything looks at them as a model: names, then adapters.
struct StoredChangeOptions: ParsableArguments {
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

  var isEmpty: Bool { keep.isEmpty && drop.isEmpty && rename.isEmpty && mergeLora.isEmpty }

  func applied(to checkpoint: Checkpoint) throws(SmithError) -> Checkpoint {
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
}
