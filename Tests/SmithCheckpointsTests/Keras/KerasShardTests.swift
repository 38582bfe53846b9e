import Foundation
import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct KerasShardTests {
  private let index = "formats/keras3_sharded.weights.json"

  @Test func `the shards together are the whole`() throws {
    let sharded = try Formats.open(Fixtures.path(index))
    let whole = try openHDF5("formats/keras3.weights.h5")
    #expect(Set(sharded.tensors) == Set(whole.tensors))
    #expect(sharded.tensors.count == whole.tensors.count)
    for tensor in whole.tensors { #expect(try sharded.bytes(tensor) == whole.bytes(tensor)) }
    #expect(
      sharded.notes.count == 1 && sharded.notes[0].hasPrefix("44 tensors are the optimizer's"))
    #expect(sharded.files.count == 7)
  }

  /// The index with its text changed, beside the shards.
  private func open(_ change: (String) -> String, without: String? = nil) throws -> SmithError? {
    let scratch = try Scratch()
    let text = try String(contentsOfFile: Fixtures.path(index), encoding: .utf8)
    let path = try scratch.write(Array(change(text).utf8), as: "m.weights.json")
    for number in 0..<6 {
      let name = "keras3_sharded_0000\(number).weights.h5"
      if name != without { try scratch.write(Fixtures.bytes("formats/\(name)"), as: name) }
    }
    return #expect(throws: SmithError.self) { try Formats.open(path) }
  }

  @Test func `an index that lies`() throws {
    let shard = "keras3_sharded_00005.weights.h5"
    #expect(try open({ $0 }, without: shard)?.kind == .missing)
    #expect(
      try open { $0.replacingOccurrences(of: "/layers/dense/vars", with: "/other") }?.kind
        == .mismatch)
    #expect(
      try open {
        $0.replacingOccurrences(
          of: "\"/layers/embedding/vars\"",
          with: "\"/no/vars\": \"\(shard)\", \"/layers/embedding/vars\"")
      }?.kind == .missing)
    for name in ["../x.h5", "/etc/passwd", "a\\\\b", ""] {
      let error = try open { $0.replacingOccurrences(of: shard, with: name) }
      #expect(error?.kind == .malformed)
    }
    #expect(
      try open {
        $0.replacingOccurrences(of: "\"/layers/dense/vars\":", with: "\"layers/embedding/vars\":")
      }?.kind == .mismatch)
    #expect(try open { $0.replacingOccurrences(of: "weight_map", with: "map") }?.kind == .malformed)
    #expect(try open { String($0.dropLast(9)) } != nil)
  }

  @Test func `a value may be a name or a list of names`() throws {
    let text = try String(contentsOfFile: Fixtures.path(index), encoding: .utf8)
    #expect(text.contains(": \"keras3_sharded_00000.weights.h5\"") && text.contains("["))
  }
}
