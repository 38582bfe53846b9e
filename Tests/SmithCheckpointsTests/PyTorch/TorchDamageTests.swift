import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Files cut and changed everywhere: an error that says where, or tensors that can be read; never a trap.
@Suite struct TorchDamageTests {
  private func readAll(_ path: String) -> SmithError? {
    do throws(SmithError) {
      let source = try PyTorchSource(file: path)
      _ = source.notes
      for tensor in source.tensors where tensor.byteCount < 1 << 20 {
        _ = try? source.bytes(tensor)
      }
      return nil
    } catch { return error }
  }

  @Test(arguments: ["formats/torch_legacy.pt", "torch/legacy_views.pt", "torch/saved_one.bin"])
  func `a file cut anywhere is refused`(_ name: String) throws {
    let bytes = try Fixtures.bytes(name)
    let scratch = try Scratch()
    for end in bytes.indices {
      let path = try scratch.write(Array(bytes[..<end]), as: "cut.pt")
      let error = readAll(path)
      #expect(error?.exitCode == 65, "cut at \(end)")
      #expect(error?.place.file == path)
    }
  }

  @Test(arguments: ["torch/legacy_views.pt", "torch/saved_one.bin", "torch/legacy_protocol4.pt"])
  func `a file changed anywhere is refused or read`(_ name: String) throws {
    let bytes = try Fixtures.bytes(name)
    let scratch = try Scratch()
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var changed = bytes
        changed[index] ^= mask
        let path = try scratch.write(changed, as: "changed.pt")
        if let error = readAll(path) { #expect(error.exitCode == 65, "byte \(index)") }
      }
    }
  }

  @Test(arguments: [
    "formats/torch_zip.pt", "formats/torch_training_ckpt.pt", "formats/torch_script.pt",
    "torch/subclasses.pt", "torch/numpy.pt", "torch/module.pt",
  ])
  func `a pickle changed anywhere is refused or read`(_ name: String) throws {
    let archive = try ZipArchive(InputFile(Fixtures.path(name)))
    let entry = try #require(archive[try TorchArchive.root(of: archive) + "data.pkl"])
    let bytes = try archive.contents(of: entry, limit: 1 << 20)
    var survivors = 0
    for index in bytes.indices {
      for mask: UInt8 in [1 << UInt8(index % 8), 0xFF] {
        var changed = bytes
        changed[index] ^= mask
        do throws(SmithError) {
          let tree = try torchTree(changed)
          survivors += 1
          _ = TorchMetadata(tree.pickle)
          var verdict = TorchVerdict()
          verdict.add(tree.pickle, isScript: false)
          _ = TorchWrapper.strip(tree.tensors, of: tree.pickle)
        } catch { #expect(error.exitCode == 65, "byte \(index)") }
      }
    }
    #expect(survivors > 0)
  }

  @Test func `storages of a legacy stream must be what the pickle says`() throws {
    let bytes = try Fixtures.bytes("torch/legacy_views.pt")
    // Ten floats and their count stand at the end.
    let start = bytes.count - 48
    for (count, kind) in [
      (11, SmithError.Kind.mismatch), (9, .mismatch), (-1, .limit), (Int.max, .mismatch),
    ] {
      var changed = bytes
      for shift in 0..<8 {
        changed[start + shift] = UInt8(truncatingIfNeeded: count >> (8 * shift))
      }
      let scratch = try Scratch()
      let error = readAll(try scratch.write(changed, as: "x.pt"))
      #expect(error?.kind == kind)
      #expect(error?.place.offset == start)
    }
    let scratch = try Scratch()
    let source = try PyTorchSource(file: try scratch.write(bytes + [1, 2, 3], as: "long.pt"))
    #expect(source.notes.last == "3 bytes after the last storage are not PyTorch's")
  }

  @Test func `a file that shrinks after opening is an error`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(try Fixtures.bytes("torch/legacy_views.pt"), as: "shrinks.pt")
    let source = try PyTorchSource(file: path)
    let handle = try #require(fopen(path, "r+"))
    #expect(ftruncate(fileno(handle), 380) == 0)
    fclose(handle)
    let error = failure { () throws(SmithError) in try source.bytes(source.tensors[0]) }
    #expect(error?.kind == .truncated)
  }
}
