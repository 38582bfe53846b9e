import Dispatch
import Synchronization

/// Work that only waits (for a disk) and goes on in a thread of its own beside the caller's.
public final class Background: Sendable {
  private let group = DispatchGroup()
  private let failure = Mutex<SmithError?>(nil)

  public init(_ work: @escaping @Sendable () throws(SmithError) -> Void) {
    DispatchQueue.global().async(group: group) {
      do throws(SmithError) { try work() } catch { self.failure.withLock { $0 = error } }
    }
  }

  /// Returns when the work is done, however it ended.
  public func wait() { group.wait() }

  /// Returns when the work is done; throws what it threw.
  public func finish() throws(SmithError) {
    wait()
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
