import ArgumentParser
import Weightsmith

/// A command whose failures are `SmithError`s: one line on stderr, and the exit code of the error's kind.
protocol SmithCommand: ParsableCommand {
  func execute() throws(SmithError) -> Outcome
}

/// How a command that did its work ended.
enum Outcome {
  case fine
  /// The work was done, and the answer is no.
  case parityDoesNotHold
}

extension SmithCommand {
  func run() throws {
    let outcome: Outcome
    do throws(SmithError) {
      outcome = try execute()
    } catch {
      Interrupts.waitIfStopping()
      Console.error("error: \(error)")
      throw ExitCode(error.exitCode)
    }
    if let text = Console.failure {
      Console.error("error: standard output: \(text)")
      throw ExitCode(74)
    }
    if outcome == .parityDoesNotHold { throw ExitCode(1) }
  }
}
