import CKernels

/// How the process keeps its memory. A program's choice, not a library's: the command line makes it at start.
public enum Memory {
  /// Keeps freed blocks of tensor size for the next tensor. Measured on a 1.34 GB conversion: half the system time. Huge
  /// pages, where the kernel gives them: a sixth of the page faults of a large header.
  public static func keepLargeBlocks() { ws_keep_large_blocks() }
}
