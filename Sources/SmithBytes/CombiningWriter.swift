import Synchronization

/// Lets several threads write to one file without waiting for each other. A file system takes one write to a file at a time: a thread that
/// finds another one writing leaves its bytes to it and goes on computing.
public final class CombiningWriter: Sendable {
  private struct State {
    var isWriting = false
    var waiting: [(offset: Int, bytes: [UInt8])] = []
    var failure: SmithError?
  }

  /// Pieces that may wait; a thread that would leave one more writes it itself.
  private static let mostWaiting = 8

  private let file: OutputFile
  private let state = Mutex(State())

  public init(_ file: OutputFile) { self.file = file }

  /// Writes the bytes, or leaves them to the thread that is writing. Throws what this or an earlier write threw.
  public func write(_ bytes: [UInt8], at offset: Int) throws(SmithError) {
    enum Turn { case write, left, full, failed(SmithError) }
    let turn: Turn = state.withLock { state in
      if let failure = state.failure { return .failed(failure) }
      if !state.isWriting {
        state.isWriting = true
        return .write
      }
      if state.waiting.count >= Self.mostWaiting { return .full }
      state.waiting.append((offset, bytes))
      return .left
    }
    switch turn {
    case .left: return
    case .failed(let failure): throw failure
    case .full: try file.write(bytes.span.bytes, at: offset)
    case .write: try drain(startingWith: (offset, bytes))
    }
  }

  /// Writes the first piece and then whatever others left meanwhile.
  private func drain(startingWith first: (offset: Int, bytes: [UInt8])) throws(SmithError) {
    var next: (offset: Int, bytes: [UInt8])? = first
    while let piece = next {
      do throws(SmithError) { try file.write(piece.bytes.span.bytes, at: piece.offset) } catch {
        state.withLock {
          $0.failure = error
          $0.isWriting = false
          $0.waiting = []
        }
        throw error
      }
      next = state.withLock { state in
        if state.waiting.isEmpty { state.isWriting = false }
        return state.waiting.popLast()
      }
    }
  }

  /// Throws if a write failed that was left to another thread. Called when all threads are done.
  public func finish() throws(SmithError) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}
