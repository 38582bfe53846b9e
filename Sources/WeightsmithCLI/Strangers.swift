import Weightsmith

#if !os(Linux)
  import Foundation
#endif

extension OpenOptions {
  /// How every command opens what a user points at: as a file from a stranger.
  static let strangers = OpenOptions(hdf5: .isolated(executable: ownPath))

  /// This program, whatever the name it was called by.
  private static var ownPath: String {
    #if os(Linux)
      "/proc/self/exe"
    #else
      Bundle.main.executablePath ?? CommandLine.arguments[0]
    #endif
  }
}
