import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct SafetensorsShardTests {
  private static func shard(_ names: String...) -> [UInt8] {
    let entries = names.enumerated().map {
      "\"\($1)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\($0),\($0 + 1)]}"
    }
    return safetensorsFile("{\(entries.joined(separator: ","))}", data: names.map { _ in 7 })
  }

  @Test func `a folder with an index is one model`() throws {
    let folder = Fixtures.path("formats/safetensors_sharded")
    for path in [folder, folder + "/model.safetensors.index.json"] {
      let source = try Formats.open(path)
      #expect(Set(source.tensors.map(\.name)) == ["a.weight", "b.weight", "c"])
      #expect(source.metadata == ["format": "pt"])
      #expect(source.files.count == 3)
      let tensor = try #require(source.tensors.first { $0.name == "b.weight" })
      #expect(tensor.shape == [4, 3])
      #expect(try source.bytes(tensor).count == 48)
    }
    let alone = try Formats.open(folder + "/model-00002-of-00002.safetensors")
    #expect(Set(alone.tensors.map(\.name)) == ["b.weight", "c"])
  }

  @Test func `tensors that the index does not list are kept`() throws {
    let scratch = try Scratch()
    try scratch.write(Self.shard("a", "extra"), as: "s1.safetensors")
    let index = try scratch.write(
      [UInt8](#"{"weight_map":{"a":"s1.safetensors"}}"#.utf8), as: "weights.json")
    #expect(try Formats.open(index).tensors.map(\.name) == ["a", "extra"])
  }

  struct Attack: Sendable, CustomTestStringConvertible {
    let index: String
    let kind: SmithError.Kind
    var item: String?
    var testDescription: String { index }
  }

  static let attacks: [Attack] = [
    .init(
      index: #"{"weight_map":{"a":"s1.safetensors","z":"s1.safetensors"}}"#, kind: .missing,
      item: "z"),
    .init(index: #"{"weight_map":{"a":"s2.safetensors"}}"#, kind: .missing, item: "a"),
    .init(index: #"{"weight_map":{"a":"absent.safetensors"}}"#, kind: .missing),
    .init(
      index: #"{"weight_map":{"a":"s1.safetensors","b":"twin.safetensors"}}"#, kind: .mismatch,
      item: "a"),
    .init(
      index: #"{"weight_map":{"a":"s1.safetensors","a":"s1.safetensors"}}"#, kind: .mismatch,
      item: "a"),
    .init(index: #"{"weight_map":{"a":"s1.safetensors"},"weight_map":{}}"#, kind: .mismatch),
    .init(index: #"{"weight_map":{"a":"../s1.safetensors"}}"#, kind: .malformed, item: "a"),
    .init(index: #"{"weight_map":{"a":"/etc/passwd"}}"#, kind: .malformed, item: "a"),
    .init(index: #"{"weight_map":{"a":"C:\\s1.safetensors"}}"#, kind: .malformed, item: "a"),
    .init(index: #"{"weight_map":{"a":"s1.safetensors\u0000"}}"#, kind: .malformed, item: "a"),
    .init(index: #"{"weight_map":{"a":".."}}"#, kind: .malformed, item: "a"),
    .init(index: #"{"weight_map":{"a":""}}"#, kind: .malformed, item: "a"),
    .init(index: #"{"weight_map":{"a":1}}"#, kind: .malformed),
    .init(index: #"{"weight_map":["s1.safetensors"]}"#, kind: .malformed),
    .init(index: #"{"metadata":{}}"#, kind: .malformed),
    .init(index: #"{"weight_map":{"a":"s1.safetensors"}"#, kind: .truncated),
    .init(index: #"{"weight_map":{"a":"broken.safetensors"}}"#, kind: .truncated, item: "a"),
    .init(index: #"{"weight_map":{"a":"folder"}}"#, kind: .unsupported),
  ]

  @Test(arguments: attacks) func `a lying index is refused`(_ attack: Attack) throws {
    let scratch = try Scratch()
    try scratch.write(Self.shard("a"), as: "s1.safetensors")
    try scratch.write(Self.shard("b"), as: "s2.safetensors")
    try scratch.write(Self.shard("a", "b"), as: "twin.safetensors")
    try scratch.write(Self.shard("a").dropLast(), as: "broken.safetensors")
    try scratch.write([], as: "folder/file")
    let path = try scratch.write([UInt8](attack.index.utf8), as: "model.safetensors.index.json")
    let error = failure { () throws(SmithError) in try Formats.open(path) }
    #expect(error?.kind == attack.kind)
    #expect(error?.place.item == attack.item)
    #expect(error?.place.file != nil)
  }

  struct Folder: Sendable, CustomTestStringConvertible {
    let files: [String]
    /// The tensor found, which has the name of its file; nil where the choice is refused.
    let opened: String?
    var testDescription: String { files.joined(separator: " ") }
  }

  @Test(arguments: [
    Folder(files: ["model", "adapter"], opened: "model"),
    Folder(files: ["weights"], opened: "weights"),
    Folder(files: ["one", "two"], opened: nil),
  ])
  func `a folder opens as its only or its named file`(_ folder: Folder) throws {
    let scratch = try Scratch()
    for name in folder.files { try scratch.write(Self.shard(name), as: "\(name).safetensors") }
    try scratch.write([UInt8]("{}".utf8), as: "config.json")
    if let opened = folder.opened {
      #expect(try Formats.open(scratch.path).tensors.map(\.name) == [opened])
    } else {
      let error = failure { () throws(SmithError) in try Formats.open(scratch.path) }
      #expect(error?.kind == .mismatch)
      for name in folder.files { #expect(error?.detail.contains("\(name).safetensors") == true) }
    }
  }

  @Test func `the only index of a folder wins over its shards`() throws {
    let scratch = try Scratch()
    try scratch.write(Self.shard("a"), as: "x-1.safetensors")
    try scratch.write(Self.shard("b"), as: "x-2.safetensors")
    try scratch.write(
      [UInt8](#"{"weight_map":{"a":"x-1.safetensors","b":"x-2.safetensors"}}"#.utf8),
      as: "x.safetensors.index.json")
    #expect(try Formats.open(scratch.path).tensors.map(\.name) == ["a", "b"])
    try scratch.write([UInt8]("{}".utf8), as: "y.safetensors.index.json")
    let error = failure { () throws(SmithError) in try Formats.open(scratch.path) }
    #expect(error?.kind == .mismatch)
  }

  @Test func `a file is known by its content`() throws {
    let scratch = try Scratch()
    func recognised(_ bytes: [UInt8], _ name: String) throws -> Bool {
      try Safetensors.recognise(try InputPath(try scratch.write(bytes, as: name))) != nil
    }
    #expect(try recognised(Self.shard("a"), "renamed.bin"))
    #expect(try recognised(safetensorsFile("  {}  "), "spaces"))
    #expect(try recognised([1, 2, 3], "broken.safetensors"))
    #expect(try !recognised([1, 2, 3], "broken.bin"))
    #expect(try !recognised([UInt8]("GGUF\u{3}\0\0\0{}".utf8), "misnamed.safetensors"))
    #expect(try !recognised([UInt8](#"{"a":1}{"b":2}"#.utf8), "config.json"))
    let torch = #"{"weight_map":{"a":"pytorch_model-00001-of-00002.bin"}}"#
    #expect(try !recognised([UInt8](torch.utf8), "pytorch_model.bin.index.json"))
  }
}
