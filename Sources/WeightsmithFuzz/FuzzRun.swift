import Foundation
import SmithBytes
import SmithTensors

/// One input after another through one reader.
struct FuzzRun: Sendable {
  /// Tensors and bytes that are read of one input: enough for every path, and a bound on the time.
  private static let mostTensors = 32
  private static let mostBytes = 1 << 16

  let subject: Subject
  /// Where the input's files lie, one input at a time.
  let folder: String

  /// An input may be refused with a `SmithError`. Anything else that goes wrong ends the process.
  func one(_ input: [UInt8]) {
    try? FileManager.default.removeItem(atPath: folder)
    for file in subject.files(in: input) {
      write(Data(file.bytes), to: folder.appending(path: file.name))
    }
    do throws(SmithError) { readAll(try subject.open(folder)) } catch {
      // The message is made as well: it must not trap on a strange name.
      precondition(!error.description.isEmpty)
    }
  }

  private func write(_ bytes: Data, to path: String) {
    try? FileManager.default.createDirectory(
      atPath: path.parentFolder, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: path, contents: bytes)
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
