import Synchronization
import Weightsmith

/// Every progress value that a run reported, from whatever thread.
final class ProgressLog: Sendable {
  private let values = Mutex<[Progress]>([])

  var all: [Progress] { values.withLock { $0 } }

  func add(_ progress: Progress) { values.withLock { $0.append(progress) } }
}
