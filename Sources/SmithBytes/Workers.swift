import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many threads work at once. Items are handed out in order; results never depend on the number.
public struct Workers: Hashable, Sendable {
  public let count: Int

  public init(_ count: Int) { self.count = max(1, count) }

  /// One per core.
  public static let all = Workers(coreCount)

  private static let coreCount = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  /// Runs `body(0) … body(count - 1)`, at most `self.count` at once; throws the error of the lowest failing item it met.
  public func forEach(
    _ items: Int, _ body: @Sendable (Int) throws(SmithError) -> Void
  ) throws(SmithError) {
    if count == 1 || items <= 1 {
      for index in 0..<items { try body(index) }
      return
    }
    let next = Atomic<Int>(0)
    let failure = Mutex<(index: Int, error: SmithError)?>(nil)
    DispatchQueue.concurrentPerform(iterations: min(count, items)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= items || failure.withLock({ $0 != nil }) { return }
        do throws(SmithError) { try body(index) } catch {
          failure.withLock { if $0 == nil || index < $0?.index ?? 0 { $0 = (index, error) } }
        }
      }
    }
    if let failed = failure.withLock({ $0 }) { throw failed.error }
  }

  /// The non-throwing form of `forEach`, for kernels.
  public func run(_ items: Int, _ body: @Sendable (Int) -> Void) {
    if count == 1 || items <= 1 {
      for index in 0..<items { body(index) }
      return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(count, items)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= items { return }
        body(index)
      }
    }
  }
}
