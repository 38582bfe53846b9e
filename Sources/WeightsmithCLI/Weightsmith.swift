import ArgumentParser
import Weightsmith

/// The command line: each command parses its options, makes one call of the library and prints the value it gets.
@main
struct WeightsmithCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weightsmith",
    abstract: "Reads, converts, quantizes and verifies model weights.",
    discussion: """
      SRC is anything you have: a file, a folder, a TensorFlow prefix or any of its files, a shard index. It is recognised by content.

      Exit codes: 0 fine, 1 parity does not hold, 64 usage, 65 bad data, 66 no such input, 73 cannot create output, 74 I/O.
      """,
    version: Version.text,
    subcommands: [
      Inspect.self, Convert.self, TransformCommand.self, Quantize.self, Verify.self, Run.self,
      Tokenize.self,
      BenchForward.self, HDF5Metadata.self,
    ])

  static func main() {
    Interrupts.holdStandardStreams()
    Interrupts.raiseFileLimit()
    Interrupts.install()
    Memory.keepLargeBlocks()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard !(error is ExitCode), exitCode(for: error) == .validationFailure else {
        exit(withError: error)
      }
      // The parser's own report has several lines; ours has one, as every other error.
      let text = message(for: error).split(separator: "\n").joined(separator: " ")
      Console.error("error: \(text.escapedForTerminal) (try: weightsmith --help)")
      exit(withError: ExitCode.validationFailure)
    }
  }
}

/// The version printed by `--version`.
enum Version {
  static let text = "0.1.0"
}
