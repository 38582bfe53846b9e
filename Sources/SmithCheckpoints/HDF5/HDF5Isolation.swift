import SmithBytes

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The walk through libhdf5 in a process of its own: releases in use crash, hang and eat memory on damaged metadata.
///
/// The child gets the open file as its standard input, confines itself, and writes the walk's result to its standard output.
public enum HDF5Isolation {
  /// The command of `executable` that calls `serve`.
  public static let command = "hdf5-metadata"

  /// One GiB is enough for the largest index we accept, and little enough for a hostile file.
  private static let memory = 1 << 30
  private static let outputBytes = 256 << 20

  /// Four seconds are a hundred times what an ordinary file takes; a large file may have a large index.
  private static func seconds(for count: Int) -> Double {
    min(4 + Double(count) / Double(256 << 20), 60)
  }

  /// Walks `raw` in a child process.
  static func metadata(of raw: HDF5Raw, by executable: String) throws(SmithError) -> HDF5Metadata {
    let seconds = seconds(for: raw.count)
    let outcome: ChildProcess.Outcome
    do throws(SmithError) {
      outcome = try ChildProcess.run(
        executable, [command, "\(raw.start)", "\(raw.count)", "\(Int(seconds.rounded(.up)))"],
        input: raw.file.descriptor, seconds: seconds, outputBytes: outputBytes)
    } catch {
      throw SmithError(
        .io, "the reader of HDF5 metadata \(error.detail)", at: error.place)
    }
    switch outcome {
    case .signalled(SIGXCPU), .timedOut:
      throw failure("did not finish this file's metadata in \(Int(seconds)) s")
    case .signalled(let signal):
      throw failure("crashed on this file's metadata (signal \(signal))")
    case .tooMuchOutput: throw failure("found more metadata than \(outputBytes) bytes")
    case .exited(let code, let output):
      guard code == 0 else { throw failure("ended on this file's metadata with exit code \(code)") }
      do throws(SmithError) { return try HDF5Decoder.decode(output).get() } catch {
        throw error.kind == .truncated || output.isEmpty
          ? failure("left no whole answer for this file's metadata") : error
      }
    }
  }

  private static func failure(_ what: String) -> SmithError {
    SmithError(
      .malformed, "libhdf5 \(what)",
      remedy: "another copy of the file: this one is damaged, or made to do harm")
  }

  /// The child's side: walks the HDF5 file that is the `count` bytes at `start` of standard input, within limits, and writes what
  /// it found, or why it failed, to standard output.
  public static func serve(start: Int, count: Int, seconds: Int) throws(SmithError) {
    let raw = try HDF5Raw(
      InputFile(adopting: 0, path: "standard input"), start: start, count: count)
    // The library starts before the limits: it may still have files of its own to open.
    try HDF5Library.use { _ throws(SmithError) in }
    Confinement.enter(bytes: memory, seconds: seconds)
    let result: Result<HDF5Metadata, SmithError>
    do throws(SmithError) { result = .success(try HDF5Metadata(walking: raw)) } catch {
      result = .failure(error)
    }
    let bytes = HDF5Encoder.encode(result)
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes {
        write(1, $0.baseAddress?.advanced(by: done), $0.count - done)
      }
      if put < 0, errno == EINTR { continue }
      guard put > 0 else { throw .fromErrno(errno, path: "standard output") }
      done += put
    }
  }
}

extension HDF5Metadata {
  /// The walk in this process.
  init(walking raw: HDF5Raw) throws(SmithError) {
    self = try HDF5File.with(raw) { file throws(SmithError) in try HDF5Walk.run(file) }
  }

  /// The walk where the caller wants it. Checked against the file either way.
  init(of raw: HDF5Raw, _ access: OpenOptions.HDF5) throws(SmithError) {
    switch access {
    case .inProcess: try self.init(walking: raw)
    case .isolated(let executable): self = try HDF5Isolation.metadata(of: raw, by: executable)
    }
    try check(against: raw)
  }
}
