import Foundation
import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

/// libhdf5 in a process of its own: what crashes it is an error here, and what does not is read as it is in this process.
@Suite struct HDF5IsolationTests {
  private let isolated = OpenOptions(hdf5: .isolated(executable: CommandRun.binary.path))

  private static let files: [String] = {
    let all = (try? FileManager.default.subpathsOfDirectory(atPath: Fixtures.path(""))) ?? []
    return all.filter { name in
      [".h5", ".hdf5", ".keras"].contains { name.hasSuffix($0) } && !name.contains("crash")
    }.sorted()
  }()

  @Test func `every file is read, or refused, as in this process`() throws {
    #expect(Self.files.count > 40)
    for name in Self.files {
      let path = Fixtures.path(name)
      let here: any TensorSource
      do throws(SmithError) { here = try Formats.open(path) } catch {
        #expect(throws: error) { try Formats.open(path, options: isolated) }
        continue
      }
      let there = try Formats.open(path, options: isolated)
      #expect(there.tensors == here.tensors, "\(name)")
      #expect(there.metadata == here.metadata && there.notes == here.notes, "\(name)")
      for tensor in here.tensors where tensor.byteCount < 1 << 16 {
        #expect((try? there.bytes(tensor)) == (try? here.bytes(tensor)), "\(name) \(tensor.name)")
      }
    }
  }

  @Test(arguments: [
    ("heap_index", "crashed"), ("heap_hang", "did not finish"), ("text_length", "backend"),
    ("byte_1963", "crashed"), ("byte_6268", "crashed"),
  ])
  func `files that crash or hang libhdf5 end in one line and 65`(
    _ name: String, _ word: String
  ) throws {
    let scratch = try Scratch()
    let file = "data/hdf5/crash_\(name).h5_"
    for command in [
      ["inspect", file], ["convert", file, "out", "--to", "safetensors", "--names", "keep"],
    ] {
      let start = Date()
      let run = try CommandRun(command, in: scratch)
      #expect(run.code == 65, "\(run.errors)")
      #expect(run.errors.hasPrefix("error: \(file): ") && run.errors.contains(word))
      #expect(run.errors.split(separator: "\n").count == 1 && run.output.isEmpty)
      #expect(Date().timeIntervalSince(start) < 10)
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(left == ["data"])
  }

  /// Bytes changed all over the metadata, and the file cut: 65 or fine, never a signal, one line.
  @Test(arguments: [0x01, 0xFF] as [UInt8])
  func `damage anywhere ends in one line`(_ mask: UInt8) throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("hdf5/names.h5")
    for index in stride(from: Int(mask) % 29, to: bytes.count, by: 97) {
      var damaged = bytes
      damaged[index] ^= mask
      if index % 2 == 1 { damaged = Array(bytes[..<index]) }
      try scratch.write(damaged, as: "x.h5")
      let run = try CommandRun("inspect", "x.h5", "--stats", in: scratch)
      #expect(run.code == 0 || run.code == 65, "byte \(index): \(run.code) \(run.errors)")
      #expect(run.errors.split(separator: "\n").count <= 1)
    }
  }

  @Test func `an executable that answers nonsense`() throws {
    let scratch = try Scratch()
    let path = Fixtures.path("hdf5/small.h5")
    func error(_ script: String) throws -> SmithError? {
      let name = try scratch.write(Array("#!/bin/sh\n\(script)\n".utf8), as: "reader")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: name)
      return #expect(throws: SmithError.self, "\(script)") {
        try Formats.open(path, options: OpenOptions(hdf5: .isolated(executable: name)))
      }
    }
    for script in [
      "exit 0", "exit 3", "echo hello", "printf WSH5", "kill -SEGV $$", "cat", "exec yes",
    ] {
      let error = try error(script)
      #expect(error?.kind == .malformed, "\(script)")
      #expect(error?.place.file == path)
    }
    let none = #expect(throws: SmithError.self) {
      try Formats.open(path, options: OpenOptions(hdf5: .isolated(executable: "/no/such")))
    }
    #expect(none?.kind == .io)
  }

  @Test func `other formats start no process`() throws {
    let options = OpenOptions(hdf5: .isolated(executable: "/no/such"))
    for name in [
      "trained/tiny_albert/hf", "formats/safetensors_basic.safetensors", "formats/tf_v2_dtypes",
    ] {
      #expect(throws: Never.self) { try Formats.open(Fixtures.path(name), options: options) }
    }
  }
}
