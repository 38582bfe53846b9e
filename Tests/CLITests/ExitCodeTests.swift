import Foundation
import TestSupport
import Testing

/// The contract of DESIGN §7: exit codes, one line on stderr, nothing at DST after a failure.
@Suite struct ExitCodeTests {
  private let albert = "data/models/albert/google_tf"

  /// Names at the top of a scratch folder; hidden staging folders would show here.
  private func names(_ scratch: Scratch) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0 != "data" }
      .sorted()
  }

  @Test func `an existing DST is 73 and stays as it was, with --overwrite it is replaced`() throws {
    let scratch = try Scratch()
    try scratch.write([1, 2, 3], as: "out/mine.txt")
    let refused = try CommandRun("convert", albert, "out", in: scratch)
    #expect(refused.code == 73 && refused.errors.split(separator: "\n").count == 1)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/out") == ["mine.txt"])
    #expect(try CommandRun("convert", albert, "out", "--overwrite", in: scratch).code == 0)
    let now = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/out").sorted()
    #expect(now == ["config.json", "model.safetensors"])
    #expect(try names(scratch) == ["out"])
  }

  @Test func `a DST in a folder that is not there or takes nothing is 73`() throws {
    let scratch = try Scratch()
    #expect(try CommandRun("convert", albert, "no/such/out", in: scratch).code == 73)
    try scratch.write([1], as: "file")
    #expect(try CommandRun("convert", albert, "file/out", in: scratch).code == 73)
    #expect(try CommandRun("convert", albert, "file", in: scratch).code == 73)
    #expect(try names(scratch) == ["file"])
  }

  /// A limit on file sizes stands for the disk that fills up: the write of the weights fails half-way.
  @Test func `a full disk is 74 and leaves nothing`() throws {
    let scratch = try Scratch()
    let run = try CommandRun(
      ["convert", "data/trained/tiny_albert/hf", "out"], in: scratch, fileLimit: 64 << 10)
    #expect(run.code == 74, "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1)
    #expect(try names(scratch).isEmpty)
  }

  @Test func `damaged data is 65, an absent file 66, a wrong option 64, parity that fails 1`()
    throws
  {
    let scratch = try Scratch()
    var bytes = try Fixtures.bytes("models/albert/hf/model.safetensors")
    bytes.removeLast(7)
    try scratch.write(bytes, as: "cut.safetensors")
    let cut = try CommandRun("convert", "cut.safetensors", "out", in: scratch)
    #expect(cut.code == 65 && cut.errors.contains("cut.safetensors"))
    #expect(try CommandRun("convert", "absent", "out", in: scratch).code == 66)
    #expect(try CommandRun("convert", albert, "out", "--nonsense", in: scratch).code == 64)
    let other = try CommandRun("verify", albert, "data/models/albert/google_tf_slots", in: scratch)
    #expect(other.code == 1)
    #expect(try names(scratch) == ["cut.safetensors"])
  }

  @Test func `dry runs write nothing`() throws {
    let scratch = try Scratch()
    #expect(try CommandRun("convert", albert, "out", "--dry-run", in: scratch).code == 0)
    #expect(try names(scratch).isEmpty)
  }

  @Test func `one file when DST ends in the extension`() throws {
    let scratch = try Scratch()
    #expect(try CommandRun("convert", albert, "one.safetensors", in: scratch).code == 0)
    #expect(try names(scratch) == ["one.safetensors"])
    let many = try CommandRun(
      "convert", albert, "two.safetensors", "--max-shard-size", "2kB", in: scratch)
    #expect(many.code == 64)
    #expect(try names(scratch) == ["one.safetensors"])
  }

  @Test func `shards are written with their index and read as one`() throws {
    let scratch = try Scratch()
    #expect(
      try CommandRun("convert", albert, "out", "--max-shard-size", "2kB", in: scratch).code == 0)
    let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/out")
    #expect(files.contains("model.safetensors.index.json") && files.count > 4)
    #expect(try CommandRun("verify", albert, "out", in: scratch).code == 0)
    #expect(
      try CommandRun("convert", "out", "tf", "--to", "tf", "--max-shard-size", "2kB", in: scratch)
        .code == 0)
    #expect(try CommandRun("verify", albert, "tf", in: scratch).code == 0)
  }
}
