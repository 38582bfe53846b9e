import SmithBytes
import SmithTensors

/// An HDF5 file whose walk is given as bytes, without libhdf5 and without a child process: what this process does with an answer
/// and a file from strangers. For the fuzzer; no user has such files, and `Formats` does not list it.
package enum HDF5Wire: ContainerFormat {
  package static let name = "hdf5-wire"
  package static let fileExtension = ""
  package static let usualNames = "keras"
  package static let writer: (any ContainerWriter)? = nil

  private static let answerFile = "answer"
  private static let rawFile = "raw"

  package static func isModelFile(_ name: String) -> Bool { false }

  package static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    input.entries.contains(answerFile) && input.entries.contains(rawFile) ? input.path : nil
  }

  package static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    let answer = try InputFile(path.appending(path: answerFile))
    let raw = HDF5Raw(try InputFile(path.appending(path: rawFile)))
    var found = try HDF5Decoder.decode(try answer.bytes(0..<answer.count)).get()
    try found.check(against: raw)
    let source = try HDF5Source(raw, found, container: name, path: raw.path)
    _ = try source.kerasLayers()
    return source
  }

  /// The two files of the HDF5 file at `path`, the answer as a child process gives it; nil for another file.
  package static func files(of path: String) -> [(name: String, bytes: [UInt8])]? {
    guard path.hasSuffix(".h5") || path.hasSuffix(".hdf5"), let file = try? InputFile(path),
      let bytes = try? file.bytes(0..<file.count)
    else { return nil }
    let result: Result<HDF5Metadata, SmithError>
    do throws(SmithError) { result = .success(try HDF5Metadata(walking: HDF5Raw(file))) } catch {
      result = .failure(error)
    }
    return [(answerFile, HDF5Encoder.encode(result)), (rawFile, bytes)]
  }
}
