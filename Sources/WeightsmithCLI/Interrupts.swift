import Synchronization
import Weightsmith

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the process owes the system around it.
enum Interrupts {
  /// Removes unfinished outputs when the user or the system stops the process. Called before any other thread exists.
  static func install() {
    signal(SIGPIPE, SIG_IGN)
    Signals.wait(for: [SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) }) { caught in
      Interrupts.isStopping.store(true, ordering: .sequentiallyConsistent)
      ChildProcess.killAll()
      AtomicOutput.removeAll()
      _exit(128 + caught)
    }
  }

  private static let isStopping = Atomic<Bool>(false)

  /// A command that fails because its files are being taken away has nothing to report: the process ends at once.
  static func waitIfStopping() {
    while isStopping.load(ordering: .sequentiallyConsistent) { sleep(1) }
  }

  /// Opens the null device for a standard stream that the caller closed: its number would go to the next file, and what we print
  /// would be written into that.
  static func holdStandardStreams() {
    for stream in 0...2 where fcntl(Int32(stream), F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
  }

  /// As many open files as the system lets us have: every shard of a source and of an output is one.
  static func raiseFileLimit() {
    var limit = rlimit()
    #if canImport(Glibc)
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let files = RLIMIT_NOFILE
    #endif
    guard getrlimit(files, &limit) == 0 else { return }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65536))
    setrlimit(files, &limit)
  }

  /// `nohup` and shells without job control set signals to be ignored; that stays.
  private static func isIgnored(_ number: Int32) -> Bool {
    let before = unsafeBitCast(signal(number, SIG_DFL), to: Int.self)
    let ignored = before == unsafeBitCast(SIG_IGN, to: Int.self)
    if ignored { signal(number, SIG_IGN) }
    return ignored
  }
}
