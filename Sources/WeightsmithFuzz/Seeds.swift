import Foundation
import SmithBytes

/// The first inputs of a run: every fixture that the reader takes for its own.
struct Seeds {
  /// Larger ones slow every run down and hold nothing new.
  private static let mostBytes = 256 << 10

  let subject: any Subject

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

  private func seed(_ path: String) -> [UInt8]? {
    guard let files = subject.seed(of: path) else { return nil }
    if subject.file != nil { return files.first?.bytes }
    return files.count <= FolderImage.mostFiles ? FolderImage.image(of: files) : nil
  }

  /// Nil for a file too large for a seed.
  static func bytes(_ path: String) -> [UInt8]? {
    guard let file = try? InputFile(path), file.count <= mostBytes else { return nil }
    return try? file.bytes(0..<file.count)
  }
}
