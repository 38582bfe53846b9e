import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A program that runs beside this one for a while, its output in a pipe: for work that may crash, hang or eat memory.
public enum ChildProcess {
  public enum Outcome: Hashable, Sendable {
    case exited(Int32, output: [UInt8])
    case signalled(Int32)
    case timedOut
    /// More output than was allowed; the program was stopped.
    case tooMuchOutput
  }

  private static let running = Mutex<Set<pid_t>>([])

  /// Stops every child. For a process that is about to end itself: children are reaped by the system.
  public static func killAll() {
    running.withLock { for child in $0 { kill(child, SIGKILL) } }
  }

  /// Runs `executable` with `input` as its standard input, nothing as its standard error, and a small environment.
  /// `.io` when it cannot be started.
  public static func run(
    _ executable: String, _ arguments: [String], input: Int32, seconds: Double, outputBytes: Int
  ) throws(SmithError) -> Outcome {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .fromErrno(errno, path: executable) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let child: pid_t
    do throws(SmithError) {
      child = try spawn(executable, arguments, input: input, output: ends[1])
    } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    let deadline = now + seconds
    let (output, stop) = collect(ends[0], until: deadline, limit: outputBytes)
    if let stop {
      kill(child, SIGKILL)
      _ = reap(child, until: .infinity)
      return stop
    }
    guard let status = reap(child, until: deadline) else {
      kill(child, SIGKILL)
      _ = reap(child, until: .infinity)
      return .timedOut
    }
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF, output: output) : .signalled(signal)
  }

  /// What the child needs to find its libraries, and that it leaves no report of a crash.
  private static var environment: [String] {
    let kept = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "TMPDIR"]
    return kept.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
      + ["SWIFT_BACKTRACE=enable=no"]
  }

  private static func spawn(
    _ executable: String, _ arguments: [String], input: Int32, output: Int32
  ) throws(SmithError) -> pid_t {
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #else
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // This process may block signals in all its threads and ignore some; the child starts as from a shell.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let words = ([executable] + arguments).map { strdup($0) }
    let variables = environment.map { strdup($0) }
    defer { for text in words + variables { free(text) } }
    var child: pid_t = 0
    var code: Int32 = 0
    // "Text file busy" passes: another process still holds a copy of the descriptor that wrote the executable.
    for attempt in 0..<100 {
      if attempt > 0 { usleep(10_000) }
      code = running.withLock { running in
        let code = posix_spawn(
          &child, executable, &actions, &attributes, words + [nil], variables + [nil])
        if code == 0 { running.insert(child) }
        return code
      }
      if code != ETXTBSY { break }
    }
    guard code == 0 else {
      throw SmithError(
        .io, "cannot be started: \(String(cString: strerror(code)))", at: Place(file: executable))
    }
    return child
  }

  /// Everything the child writes until it closes the pipe, or why it must be stopped.
  private static func collect(
    _ pipe: Int32, until deadline: Double, limit: Int
  ) -> (output: [UInt8], stop: Outcome?) {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let left = deadline - now
      if left <= 0 { return ([], .timedOut) }
      var waited = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waited, 1, Int32(min(left * 1000, 60_000)) + 1)
      if ready <= 0 { continue }
      let got = read(pipe, &buffer, buffer.count)
      if got < 0, errno == EINTR { continue }
      if got <= 0 { return (output, nil) }
      if got > limit - output.count { return ([], .tooMuchOutput) }
      output += buffer[..<got]
    }
  }

  /// The child's wait status, or nil when it still runs at the deadline.
  private static func reap(_ child: pid_t, until deadline: Double) -> Int32? {
    var pause: UInt32 = 50
    while true {
      // Reaped and forgotten in one step, so that `killAll` never meets a number that is another process by now.
      let status: Int32? = running.withLock { running in
        var status: Int32 = 0
        let done = waitpid(child, &status, WNOHANG)
        if done == 0 || (done < 0 && errno == EINTR) { return nil }
        running.remove(child)
        return done == child ? status : 0x7F00
      }
      if let status { return status }
      if now >= deadline { return nil }
      usleep(pause)
      pause = min(pause * 2, 20_000)
    }
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
