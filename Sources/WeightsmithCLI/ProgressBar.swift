import Synchronization
import Weightsmith

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One line on a terminal's standard error - share, bytes, rate, time left - drawn at most ten times a second; nothing in a pipe.
final class ProgressBar: Sendable {
  private struct State {
    var phase: Progress.Phase?
    var phaseStart = 0.0
    var drawn = 0.0
  }

  private let state = Mutex(State())
  private let isShown = Console.hasTerminal

  func update(_ progress: Progress) {
    guard isShown else { return }
    let now = Self.seconds
    let started: Double? = state.withLock { state in
      if state.phase != progress.phase {
        state.phase = progress.phase
        state.phaseStart = now
      }
      guard now - state.drawn > 0.1 || progress.done == progress.total else { return nil }
      state.drawn = now
      return state.phaseStart
    }
    if let started { draw(progress, elapsed: now - started) }
  }

  /// Clears the line; called once the work is over, before anything else is printed.
  func finish() {
    if isShown { Console.write("\r\u{1B}[K", to: STDERR_FILENO) }
  }

  private func draw(_ progress: Progress, elapsed: Double) {
    let filled = Int(progress.fraction * 24)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
    let rate = elapsed > 0 ? Int(Double(progress.done) / elapsed) : 0
    let left = rate > 0 ? (progress.total - progress.done) / rate : 0
    let name = progress.phase == .readingBack ? "reading back" : progress.phase.rawValue
    Console.write(
      "\r\(name) [\(bar)] \(Int(progress.fraction * 100)) %  \(progress.done.asBytes) of \(progress.total.asBytes)  \(rate.asBytes)/s  \(left) s left\u{1B}[K",
      to: STDERR_FILENO)
  }

  private static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
