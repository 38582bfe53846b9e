import ArgumentParser
import Weightsmith

/// The benchmark's side of the forward pass; Scripts/bench.sh runs it beside its peers.
struct BenchForward: SmithCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-forward",
    abstract: "Time the forward pass of a BERT-base with random weights.", shouldDisplay: false)

  @Option var batch = 1
  @Option var length = 128
  @Option var repetitions = 5
  @Option var jobs = 2

  func execute() throws(SmithError) -> Outcome {
    let seconds = try EncoderBenchmark.run(
      batch: batch, sequence: length, workers: Workers(jobs), repetitions: repetitions)
    for second in seconds { Console.print("\(second)") }
    return .fine
  }
}
