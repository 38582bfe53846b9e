import ArgumentParser
import Weightsmith

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

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
      Console.error("error: \(error)")
      throw ExitCode(error.exitCode)
    }
    if outcome == .parityDoesNotHold { throw ExitCode(1) }
  }
}

/// Removes unfinished outputs when the user or the system stops the process.
enum Interrupts {
  static func install() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { caught in
        AtomicOutput.removeAll()
        _exit(128 + caught)
      }
    }
    signal(SIGPIPE, SIG_IGN)
  }
}
