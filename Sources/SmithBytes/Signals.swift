import CKernels

/// Signals, waited for instead of handled: a handler may take no locks and no memory.
public enum Signals {
  /// Blocks `signals` in the calling thread and in those it starts from now on, and calls `caught` with the first that arrives.
  /// Once per process, before any other thread exists.
  ///
  /// The thread that waits is made in C: Foundation has threads too, but loading it takes longer than most inspections.
  public static func wait(for signals: [Int32], then caught: @convention(c) (Int32) -> Void) {
    _ = ws_on_signal(signals, Int32(signals.count), caught)
  }
}
