import Foundation
import TestSupport
import Testing

/// Places that are not what a path promises: pipes, loops, folders for files, and a DST whose replacement would cost the user
/// something. Each command ends at once with its exit code and one line.
@Suite struct HostilePlacesTests {
  private let hf = "data/models/albert/hf"

  private func isOneLine(_ run: CommandRun) -> Bool {
    run.errors.hasPrefix("error: ") && run.errors.split(separator: "\n").count == 1
  }

  private func names(_ scratch: Scratch) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0 != "data" }
      .sorted()
  }

  @Test(arguments: ["pipe", "pipe.safetensors", "pipe.index"])
  func `a named pipe is refused, not waited for`(name: String) throws {
    let scratch = try Scratch()
    #expect(mkfifo("\(scratch.path)/\(name)", 0o600) == 0)
    let run = try CommandRun("inspect", name, in: scratch)
    #expect(run.code == 65 && isOneLine(run), "\(run.errors)")
  }

  @Test func `loops of links, empty paths and folders for files are refused`() throws {
    let scratch = try Scratch()
    let files = FileManager.default
    try files.createSymbolicLink(atPath: scratch.path + "/loop", withDestinationPath: "loop")
    try files.createDirectory(
      atPath: scratch.path + "/odd/model.safetensors", withIntermediateDirectories: true)
    for (path, code) in [("loop", 74), ("", 66), ("odd", 65), ("/dev/null", 65)] {
      let run = try CommandRun("inspect", path, in: scratch)
      #expect(run.code == Int32(code) && isOneLine(run), "\(path): \(run.errors)")
    }
  }

  @Test(arguments: ["", ".", "..", "/", "in/..", "link", "loop"])
  func `a DST that cannot be replaced as a whole is 73`(destination: String) throws {
    let scratch = try Scratch()
    try scratch.write([1], as: "in/kept")
    for (link, target) in [("link", "in"), ("loop", "loop")] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(scratch.path)/\(link)", withDestinationPath: target)
    }
    let run = try CommandRun("convert", hf, destination, "--overwrite", in: scratch)
    #expect(run.code == 73 && isOneLine(run), "\(run.errors)")
    #expect(try names(scratch) == ["in", "link", "loop"])
    #expect(FileManager.default.fileExists(atPath: scratch.path + "/in/kept"))
  }

  @Test func `overwriting never removes the source nor a folder that no output has`() throws {
    let scratch = try Scratch()
    for name in ["model.safetensors", "config.json"] {
      try scratch.write(try Fixtures.bytes("models/albert/hf/\(name)"), as: "place/src/\(name)")
    }
    for destination in [
      "place", "place/src", "./place/../place/src/", "place/src/model.safetensors",
    ] {
      let run = try CommandRun("convert", "place/src", destination, "--overwrite", in: scratch)
      #expect(run.code == 73 && isOneLine(run), "\(destination): \(run.errors)")
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/place/src")
    #expect(left.sorted() == ["config.json", "model.safetensors"])
    #expect(try names(scratch) == ["place"])
  }

  @Test(arguments: ["with space/ü", "new\nline", "slashes///", String(repeating: "a", count: 250)])
  func `odd names of DST are names`(destination: String) throws {
    let scratch = try Scratch()
    try scratch.write([], as: "with space/x")
    #expect(try CommandRun("convert", hf, destination, in: scratch).code == 0)
    #expect(try CommandRun("verify", hf, destination, in: scratch).code == 0)
  }

  @Test(arguments: [
    ["convert", "SRC", "out", "--jobs", "0"], ["convert", "SRC", "out", "--jobs", "x"],
    ["convert", "SRC", "out", "--max-shard-size", "9223372036854775807GB"],
    ["convert", "SRC", "out", "--max-shard-size", "0"], ["convert", "SRC", "out", "--nonsense"],
    ["convert"], ["bogus"], ["verify", "SRC", "SRC", "--ids", "99999999999999999999"],
    ["verify", "SRC", "SRC", "--ids=-1"], ["verify", "SRC", "SRC", "--policy", "cosine>=nan"],
  ])
  func `wrong options are 64 and one line`(arguments: [String]) throws {
    let scratch = try Scratch()
    let run = try CommandRun(arguments.map { $0 == "SRC" ? hf : $0 }, in: scratch)
    #expect(run.code == 64 && isOneLine(run), "\(run.errors)")
    #expect(try names(scratch).isEmpty)
  }

  /// Runs a shell line with the binary as `$0`.
  private func shell(_ line: String, in scratch: Scratch) throws -> (code: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line, CommandRun.binary.path, Fixtures.path("models/albert/hf")]
    process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    let pipe = Pipe()
    process.standardError = pipe
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let errors = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, errors)
  }

  @Test func `lost output is an error, a reader that leaves is none, closed streams harm nothing`()
    throws
  {
    let scratch = try Scratch()
    #if os(Linux)
      let full = try shell("\"$0\" inspect \"$1\" --json > /dev/full", in: scratch)
      #expect(full.code == 74 && full.errors.contains("standard output"))
    #endif
    let gone = try shell("set -o pipefail; \"$0\" inspect \"$1\" | head -1", in: scratch)
    #expect(gone.code == 0 && gone.errors.isEmpty)
    #expect(try shell("\"$0\" convert \"$1\" out <&- >&- 2>&-", in: scratch).code == 0)
    #expect(try CommandRun("verify", hf, "out", in: scratch).code == 0)
  }

  /// 64 tensors of 4 MiB, a hole on disk: long enough to be stopped in the middle.
  @Test(arguments: [SIGINT, SIGTERM]) func `a stopped run leaves nothing`(number: Int32) throws {
    let scratch = try Scratch()
    let (count, size) = (64, 4 << 20)
    let rows = (0..<count).map {
      "\"t\($0)\":{\"dtype\":\"U8\",\"shape\":[\(size)],\"data_offsets\":[\($0 * size),\(($0 + 1) * size)]}"
    }
    let header = Array("{\(rows.joined(separator: ","))}".utf8)
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    let path = try scratch.write(length + header, as: "big.safetensors")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(8 + header.count + count * size))
    try handle.close()

    let process = Process()
    process.executableURL = CommandRun.binary
    process.arguments = ["convert", "big.safetensors", "out", "--names", "keep", "--to", "tf"]
    process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    // Stopped as soon as the hidden folder is there, that is, in the middle.
    while process.isRunning, try names(scratch).count == 1 { usleep(500) }
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    #expect(process.terminationStatus == 128 + number)
    #expect(try names(scratch) == ["big.safetensors"])
  }
}
