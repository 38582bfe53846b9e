#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a process may no longer do, set by itself before it looks at bytes it does not trust.
public enum Confinement {
  /// At most `bytes` of memory and `seconds` of processor time; no file is opened any more and no core is left.
  public static func enter(bytes: Int, seconds: Int) {
    #if canImport(Glibc)
      // Darwin counts shared system libraries too, and refuses.
      limit(RLIMIT_AS, bytes)
    #endif
    limit(RLIMIT_CPU, seconds)
    limit(RLIMIT_CORE, 0)
    limit(RLIMIT_NOFILE, 0)
  }

  #if canImport(Glibc)
    private typealias Resource = __rlimit_resource
  #else
    private typealias Resource = Int32
  #endif

  private static func limit(_ resource: Resource, _ value: Int) {
    var limits = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
    #if canImport(Glibc)
      setrlimit(__rlimit_resource_t(resource.rawValue), &limits)
    #else
      setrlimit(resource, &limits)
    #endif
  }
}
