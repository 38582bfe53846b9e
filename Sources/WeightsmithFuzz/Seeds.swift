import Foundation
import SmithBytes
import SmithCheckpoints

/// The first inputs of a run: every fixture that the reader takes for its own.
struct Seeds {
  /// Larger ones slow every run down and hold nothing new.
  private static let mostBytes = 256 << 10

  let subject: Subject

  /// Writes a seed for every fitting file, or folder, below `fixtures` into `corpus`; returns how many.
  func make(from fixtures: String, into corpus: String) -> Int {
    var count = 0
    for name in FileManager.default.enumerator(atPath: fixtures)?.allObjects ?? [] {
      guard let name = name as? String else { continue }
      let path = fixtures.appending(path: name)
      guard let seed = seed(path), seed.count <= Self.mostBytes else { continue }
      let file = corpus.appending(path: name.replacingOccurrences(of: "/", with: "_"))
      count += FileManager.default.createFile(atPath: file, contents: Data(seed)) ? 1 : 0
    }
    return count
  }

  private func isOurs(_ path: String) -> Bool {
    guard let input = try? InputPath(path), let found = try? subject.format.recognise(input) else {
      return false
    }
    return (try? subject.format.open(found, options: Subject.options)) != nil
  }

  private func seed(_ path: String) -> [UInt8]? {
    if let make = subject.seed { return make(path).flatMap(FolderImage.image) }
    guard FolderListing.isFolder(path) == (subject.file == nil), isOurs(path) else { return nil }
    guard subject.file == nil else { return bytes(path) }
    let names = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
    var files: [(name: String, bytes: [UInt8])] = []
    for name in names.sorted() where !FolderListing.isFolder(path.appending(path: name)) {
      guard let bytes = bytes(path.appending(path: name)) else { return nil }
      files.append((name, bytes))
    }
    return files.count <= FolderImage.mostFiles ? FolderImage.image(of: files) : nil
  }

  /// Nil for a file too large for a seed.
  private func bytes(_ path: String) -> [UInt8]? {
    guard let file = try? InputFile(path), file.count <= Self.mostBytes else { return nil }
    return try? file.bytes(0..<file.count)
  }
}
