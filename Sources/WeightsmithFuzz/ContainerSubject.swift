import Foundation
import SmithBytes
import SmithCheckpoints
import SmithTensors

/// A container's reader.
struct ContainerSubject: Subject {
  let name: String
  let format: any ContainerFormat.Type
  let file: String?
  /// Makes the files of a seed from a fixture, where that is not the fixture itself.
  var made: (@Sendable (String) -> [(name: String, bytes: [UInt8])]?)?

  /// Tensors and bytes that are read of one input: enough for every path, and a bound on the time.
  private static let mostTensors = 32
  private static let mostBytes = 1 << 16

  /// Two for each container that has single files, one for the others. And our side of the process that walks HDF5 metadata, since a
  /// process an input leaves few inputs.
  static let all: [ContainerSubject] =
    Formats.all.flatMap { format in
      let folder = ContainerSubject(name: format.name + "-folder", format: format, file: nil)
      if format.fileExtension.isEmpty { return [folder] }
      let name = "\(format.usualStem).\(format.fileExtension)"
      return [ContainerSubject(name: format.name, format: format, file: name), folder]
    } + [
      ContainerSubject(
        name: HDF5Wire.name, format: HDF5Wire.self, file: nil, made: HDF5Wire.files)
    ]

  /// libhdf5 itself does not stand damaged metadata: `WEIGHTSMITH_TOOL` names the program that reads it in a child process.
  private static let options: OpenOptions = {
    guard let tool = ProcessInfo.processInfo.environment["WEIGHTSMITH_TOOL"] else {
      return OpenOptions()
    }
    return OpenOptions(hdf5: .isolated(executable: tool))
  }()

  func seed(of path: String) -> [(name: String, bytes: [UInt8])]? {
    if let made { return made(path) }
    guard FolderListing.isFolder(path) == (file == nil), isOurs(path) else { return nil }
    if let file { return Seeds.bytes(path).map { [(file, $0)] } }
    let names = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
    var files: [(name: String, bytes: [UInt8])] = []
    for name in names.sorted() where !FolderListing.isFolder(path.appending(path: name)) {
      guard let bytes = Seeds.bytes(path.appending(path: name)) else { return nil }
      files.append((name, bytes))
    }
    return files
  }

  private func isOurs(_ path: String) -> Bool {
    guard let input = try? InputPath(path), let found = try? format.recognise(input) else {
      return false
    }
    return (try? format.open(found, options: Self.options)) != nil
  }

  func read(_ folder: String) throws(SmithError) {
    if let file {
      let path = folder.appending(path: file)
      _ = try format.recognise(InputPath(path))
      return readAll(try format.open(path, options: Self.options))
    }
    guard let found = try format.recognise(InputPath(folder)) else {
      throw SmithError(.unsupported, "not recognised", at: Place(file: folder))
    }
    readAll(try format.open(found, options: Self.options))
  }

  /// Reads the beginning, the middle and the end of every tensor; each may be refused on its own.
  private func readAll(_ source: any TensorSource) {
    precondition(source.notes.allSatisfy { !$0.isEmpty })
    for tensor in source.tensors.prefix(Self.mostTensors) {
      precondition(tensor.byteCount >= 0 && tensor.shape.allSatisfy { $0 >= 0 })
      let size = min(tensor.byteCount, Self.mostBytes)
      var buffer = [UInt8](repeating: 0, count: size)
      for offset in Set([0, (tensor.byteCount - size) / 2, tensor.byteCount - size]) {
        var span = buffer.mutableSpan
        var raw = span.mutableBytes
        try? source.read(tensor, at: offset, into: &raw)
      }
      if tensor.byteCount <= Self.mostBytes { try? source.verifyChecksum(tensor) }
    }
  }
}
