import Foundation
import SmithBytes

/// One input after another through one reader.
struct FuzzRun: Sendable {
  let subject: any Subject
  /// Where the input's files lie, one input at a time.
  let folder: String

  /// An input may be refused with a `SmithError`. Anything else that goes wrong ends the process.
  func one(_ input: [UInt8]) {
    try? FileManager.default.removeItem(atPath: folder)
    for file in subject.files(in: input) {
      write(Data(file.bytes), to: folder.appending(path: file.name))
    }
    do throws(SmithError) { try subject.read(folder) } catch {
      // The message is made as well: it must not trap on a strange name.
      precondition(!error.description.isEmpty)
    }
  }

  private func write(_ bytes: Data, to path: String) {
    try? FileManager.default.createDirectory(
      atPath: path.parentFolder, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: path, contents: bytes)
  }
}
