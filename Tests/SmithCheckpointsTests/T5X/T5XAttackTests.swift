import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// A tree with one array outside it, `target/w` in the folder `target.w`, and what a stranger may have made of it.
@Suite struct T5XAttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The spec's parts by their path; nil takes one away.
    let changes: [(String, FlaxNode?)]
    let kind: SmithError.Kind
    /// What the line has to say.
    let word: String

    init(
      _ name: String, _ changes: [(String, FlaxNode?)], _ kind: SmithError.Kind, _ word: String
    ) {
      testDescription = name
      (self.changes, self.kind, self.word) = (changes, kind, word)
    }

    init(path: String, _ kind: SmithError.Kind = .refused) {
      self.init("the path \(path)", [("kvstore/path", .text(path))], kind, path)
    }
  }

  static let attacks: [Attack] =
    ["../w", "target.w/../../w", "/etc", "/", "a//b", "./target.w", "c:\\w", "a\u{0}b", "..", "."]
    .map { Attack(path: $0) } + [
      Attack(path: "target.gone", .missing), Attack(path: "checkpoint", .missing),
      Attack("no path", [("kvstore/path", nil)], .malformed, "path"),
      Attack("an empty path", [("kvstore/path", .text(""))], .malformed, "path"),
      Attack(
        "the other path climbs", [("kvstore/path", nil), ("path", .text("../w"))], .refused, "../w"),
      Attack("the store s3", [("kvstore/driver", .text("s3"))], .unsupported, "s3"),
      Attack("the store http", [("kvstore/driver", .text("http"))], .unsupported, "http"),
      Attack("the store memory", [("kvstore/driver", .text("memory"))], .unsupported, "memory"),
      Attack("the driver zarr3", [("driver", .text("zarr3"))], .unsupported, "zarr3"),
      Attack("the driver n5", [("driver", .text("n5"))], .unsupported, "n5"),
      Attack("the driver cast", [("driver", .text("cast"))], .unsupported, "cast"),
      Attack("another shape", [("metadata/shape/1", .int(5))], .mismatch, "shape"),
      Attack("a shape of another rank", [("metadata/shape/2", .int(1))], .mismatch, "shape"),
      Attack("a shape of 2^63 and more", [("metadata/shape/0", .bytes(huge))], .mismatch, "shape"),
      Attack("other chunks", [("metadata/chunks/0", .int(1))], .mismatch, "chunks"),
      Attack("another type", [("dtype", .text("bfloat16"))], .mismatch, "bfloat16"),
      Attack("a type nobody knows", [("dtype", .text("float7"))], .mismatch, "float7"),
      Attack(
        "another compressor", [("metadata/compressor/id", .text("zstd"))], .mismatch, "zstd"),
      Attack(
        "an array in the spec", [("metadata/x", .array(shape: [1], type: "int8", data: [1]))],
        .malformed, "metadata/x"),
      Attack(
        "a path of 5,000 letters", [("kvstore/path", .text(String(repeating: "p", count: 5000)))],
        .limit, "5000"),
    ]

  private static let huge: [UInt8] = [0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]

  private static let spec: [(String, FlaxNode)] = [
    ("driver", .text("zarr")), ("dtype", .text("float32")), ("kvstore/driver", .text("file")),
    ("kvstore/path", .text("target.w")), ("metadata/chunks/0", .int(2)),
    ("metadata/chunks/1", .int(2)), ("metadata/compressor/id", .text("gzip")),
    ("metadata/shape/0", .int(2)), ("metadata/shape/1", .int(3)),
  ]

  /// Maps within maps from paths, in the order in which keys come first.
  private static func nested(_ parts: [(String, FlaxNode)]) -> FlaxNode {
    var order: [String] = []
    var children: [String: [(String, FlaxNode)]] = [:]
    for (path, node) in parts {
      let key = String(path.prefix { $0 != "/" })
      if children[key] == nil { order.append(key) }
      children[key, default: []].append((String(path.dropFirst(key.count + 1)), node))
    }
    return .map(
      order.map { key in
        let own = children[key] ?? []
        return (key, own.first?.0.isEmpty == true ? own[0].1 : nested(own))
      })
  }

  private static func tree(_ changes: [(String, FlaxNode?)] = []) -> [UInt8] {
    var parts = spec
    for (path, node) in changes {
      parts.removeAll { $0.0 == path }
      if let node { parts.append((path, node)) }
    }
    return nested(
      parts.map { ("optimizer/target/w/" + $0.0, $0.1) } + [
        ("optimizer/state/step", .array(shape: [], type: "int8", data: [9])),
        ("version", .int(3)),
      ]
    ).encoded
  }

  @discardableResult
  private static func write(_ tree: [UInt8], to scratch: Scratch) throws -> String {
    for name in ["target.w", "../w"] {
      var array = ZarrFile()
      array["shape"] = [2, 3]
      array["chunks"] = [2, 2]
      array["compressor"] = ["id": "gzip"]
      try array.write(to: scratch, as: "c/" + name)
    }
    try scratch.write(tree, as: "c/checkpoint")
    return scratch.path + "/c"
  }

  @Test func `the tree without harm is read`() throws {
    let scratch = try Scratch()
    let source = try Formats.open(Self.write(Self.tree(), to: scratch))
    #expect(source.tensors.map(\.name) == ["target/w", "state/step"])
    #expect(try source.bytes(source.tensors[0]) == [UInt8](repeating: 0, count: 24))
    #expect(try source.bytes(source.tensors[1]) == [9])
  }

  @Test(arguments: attacks)
  func `hostile specs`(attack: Attack) throws {
    let scratch = try Scratch()
    let folder = try Self.write(Self.tree(attack.changes), to: scratch)
    let error = try #require(throws: SmithError.self) { try Formats.open(folder) }
    #expect(error.kind == attack.kind, "\(error)")
    #expect(error.place.file == folder + "/checkpoint")
    #expect(error.place.item?.contains("target/w") == true)
    #expect(error.place.offset != nil)
    #expect(error.detail.contains(attack.word) || error.place.item?.contains(attack.word) == true)
    if [.refused, .unsupported, .missing].contains(attack.kind) { #expect(error.remedy != nil) }
  }

  @Test func `all missing folders are counted, three are named`() throws {
    let scratch = try Scratch()
    let parts = (0..<5).flatMap { index in
      Self.spec.map { path, node -> (String, FlaxNode) in
        let isPath = path == "kvstore/path"
        return ("optimizer/target/w\(index)/\(path)", isPath ? .text("gone.w\(index)") : node)
      }
    }
    try scratch.write(Self.nested(parts).encoded, as: "checkpoint")
    let error = try #require(throws: SmithError.self) { try Formats.open(scratch.path) }
    #expect(error.kind == .missing)
    #expect(error.detail.contains("gone.w0, gone.w1, gone.w2 and 2 more"))
    #expect(error.place.item == "target/w0")
  }

  @Test(arguments: [("../w", SmithError.Kind.refused), ("target.w", nil), ("nowhere", .missing)])
  func `folders that are links`(target: String, kind: SmithError.Kind?) throws {
    let scratch = try Scratch()
    let folder = try Self.write(Self.tree([("kvstore/path", .text("link"))]), to: scratch)
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/link", withDestinationPath: target)
    guard let kind else {
      #expect(try Formats.open(folder).tensors.count == 2)
      return
    }
    let error = try #require(throws: SmithError.self) { try Formats.open(folder) }
    #expect(error.kind == kind)
    #expect(error.remedy != nil)
  }

  @Test func `zstd, Zarr v3 and a database are refused by name, with a way out`() throws {
    let scratch = try Scratch()
    let folder = try Self.write(Self.tree([("metadata", nil)]), to: scratch)
    var array = ZarrFile()
    array["compressor"] = ["id": "zstd", "level": 1]
    try array.write(to: scratch, as: "c/target.w")
    func refusal(_ word: String) throws {
      let error = try #require(throws: SmithError.self) { try Formats.open(folder) }
      #expect(error.kind == .unsupported)
      #expect(error.detail.contains(word), "\(error)")
      #expect(error.remedy != nil)
    }
    try refusal("zstd")
    try FileManager.default.removeItem(atPath: folder + "/target.w/.zarray")
    try scratch.write([], as: "c/target.w/zarr.json")
    try refusal("Zarr v3")
    try scratch.write([], as: "c/manifest.ocdbt")
    try refusal("OCDBT")
  }

  @Test func `every truncation of the tree is an error, no changed byte a trap`() throws {
    let scratch = try Scratch()
    let whole = Self.tree()
    let folder = try Self.write(whole, to: scratch)
    for count in 1..<whole.count {
      try scratch.write(Array(whole[..<count]), as: "c/checkpoint")
      let error = #expect(throws: SmithError.self) { try Formats.open(folder) }
      #expect(error?.place.file == folder + "/checkpoint")
    }
    var read = 0
    for (index, mask) in whole.indices.flatMap({ index in [1, 0x80].map { (index, $0) }
    }) {
      var bytes = whole
      bytes[index] ^= UInt8(mask)
      try scratch.write(bytes, as: "c/checkpoint")
      do {
        let source = try T5X.open(folder + "/checkpoint")
        for tensor in source.tensors { _ = try source.bytes(tensor) }
        read += 1
      } catch {
        #expect(error.place.file?.hasPrefix(folder) == true)
      }
    }
    #expect(read > 20)
  }

  @Test func `a name inside and outside the tree, by a slash in a key`() throws {
    let scratch = try Scratch()
    let outside = Self.nested(Self.spec.map { ("w/" + $0.0, $0.1) })
    let tree = FlaxNode.map([
      (
        "optimizer",
        .map([("target", outside), ("target/w", .array(shape: [], type: "int8", data: [1]))])
      )
    ])
    let folder = try Self.write(tree.encoded, to: scratch)
    let error = try #require(throws: SmithError.self) { try Formats.open(folder) }
    #expect(error.kind == .mismatch)
  }
}
