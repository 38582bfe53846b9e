import Foundation
import TestSupport

/// The `weightsmith` binary of this build, run as a user runs it.
struct CommandRun {
  let code: Int32
  let output: String
  let errors: String

  /// Runs in `folder`, with the fixtures reachable as `data/…`, so that messages carry no path of a machine.
  init(_ arguments: String..., in folder: Scratch) throws {
    try self.init(arguments, in: folder)
  }

  /// With `fileLimit`, no file may grow beyond so many bytes (in units of 1024): a write then fails as on a full disk.
  init(_ arguments: [String], in folder: Scratch, fileLimit: Int? = nil) throws {
    let link = "\(folder.path)/data"
    if !FileManager.default.fileExists(atPath: link) {
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: Fixtures.root + "/data")
    }
    let process = Process()
    if let fileLimit {
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      let limit = "trap '' XFSZ; ulimit -f \(fileLimit / 1024); exec \"$0\" \"$@\""
      process.arguments = ["-c", limit, Self.binary.path] + arguments
    } else {
      process.executableURL = Self.binary
      process.arguments = arguments
    }
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let (out, err) = ("\(folder.path)/.out-\(UUID())", "\(folder.path)/.err-\(UUID())")
    for path in [out, err] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle(forWritingAtPath: err)
    try process.run()
    process.waitUntilExit()
    code =
      process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = try String(contentsOfFile: out, encoding: .utf8)
    errors = try String(contentsOfFile: err, encoding: .utf8)
    for path in [out, err] { try FileManager.default.removeItem(atPath: path) }
  }

  /// Beside the test bundle.
  static let binary: URL = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    if !FileManager.default.isExecutableFile(
      atPath: folder.appendingPathComponent("weightsmith").path)
    {
      folder =
        Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }.first {
          FileManager.default.isExecutableFile(
            atPath: $0.appendingPathComponent("weightsmith").path)
        } ?? folder
    }
    return folder.appendingPathComponent("weightsmith")
  }()
}

/// Whole outputs, kept beside the tests. `WEIGHTSMITH_UPDATE_SNAPSHOTS=1` writes them anew.
enum Snapshot {
  static func matches(_ run: CommandRun, _ name: String) throws -> Bool {
    let text = withoutRounding(
      "exit \(run.code)\n--- stdout\n\(run.output)--- stderr\n\(run.errors)")
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Snapshots/\(name).txt")
    if ProcessInfo.processInfo.environment["WEIGHTSMITH_UPDATE_SNAPSHOTS"] != nil {
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
    let kept = try String(contentsOf: url, encoding: .utf8)
    if kept != text { print("snapshot \(name) differs:\n\(text)") }
    return kept == text
  }

  /// Differences of a few units in the last place of f32 are each processor's own: their digits are not kept.
  private static func withoutRounding(_ text: String) -> String {
    text.replacing(/\d\.\de-(0[6-9]|1\d)/, with: "#.#e-##")
  }
}
