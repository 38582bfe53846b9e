import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct ZarrAttackTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var what: String
    var kind: SmithError.Kind
    var keys: [String: JSON?]
    var testDescription: String { what }

    init(_ what: String, _ kind: SmithError.Kind, _ keys: [String: JSON?]) {
      (self.what, self.kind, self.keys) = (what, kind, keys)
    }
  }

  static let rows: [Row] = [
    Row("format 3", .unsupported, ["zarr_format": 3]),
    Row("no format", .unsupported, ["zarr_format": Optional<JSON>.none]),
    Row("no shape", .malformed, ["shape": Optional<JSON>.none]),
    Row("a shape that is a number", .malformed, ["shape": 4]),
    Row("a dimension of -1", .malformed, ["shape": [-1]]),
    Row("a dimension of 1.5", .malformed, ["shape": [1.5]]),
    Row("a dimension beyond 64 bits", .malformed, ["shape": [1e30]]),
    Row("a chunk of 0", .malformed, ["chunks": [0]]),
    Row("a chunk of -2", .malformed, ["chunks": [-2]]),
    Row("chunks of another rank", .mismatch, ["chunks": [2, 2]]),
    Row(
      "17 dimensions", .limit,
      [
        "shape": .array([JSON](repeating: 1, count: 17)),
        "chunks": .array([JSON](repeating: 1, count: 17)),
      ]),
    Row("10^12 chunks", .limit, ["shape": [1_000_000, 1_000_000], "chunks": [1, 1]]),
    Row(
      "2^124 chunks", .limit, ["shape": [.integer(1 << 62), .integer(1 << 62)], "chunks": [1, 1]]),
    Row(
      "a zero that hides an overflow", .limit,
      [
        "shape": [.integer(1 << 40), .integer(1 << 40), 0],
        "chunks": [.integer(1 << 40), .integer(1 << 20), 1],
      ]),
    Row(
      "a chunk beyond 64 bits", .limit,
      [
        "shape": [1, 1], "chunks": [.integer(1 << 40), .integer(1 << 40)],
      ]),
    Row(
      "a chunk of 4 TB, deflated", .limit,
      [
        "shape": [.integer(1 << 40)], "chunks": [.integer(1 << 40)], "compressor": ["id": "gzip"],
      ]),
    Row(
      "4 TB of fill value", .limit, ["shape": [.integer(1 << 40)], "chunks": [.integer(1 << 40)]]),
    Row("no type", .malformed, ["dtype": Optional<JSON>.none]),
    Row("a type without its byte order", .malformed, ["dtype": "|f4"]),
    Row("a type of the future", .unsupported, ["dtype": "<q4"]),
    Row("no type after the byte order", .unsupported, ["dtype": "<"]),
    Row("zstd", .unsupported, ["compressor": ["id": "zstd", "level": 1]]),
    Row("blosc", .unsupported, ["compressor": ["id": "blosc", "cname": "lz4"]]),
    Row("a compressor without a name", .malformed, ["compressor": ["level": 1]]),
    Row("filters", .unsupported, ["filters": [["id": "delta"]]]),
    Row("order K", .malformed, ["order": "K"]),
    Row("a separator that climbs", .malformed, ["dimension_separator": "/../"]),
    Row("a fill value that is text", .malformed, ["fill_value": "x"]),
    Row("a fill value that does not fit", .malformed, ["dtype": "|u1", "fill_value": 256]),
    Row(
      "a negative fill value of an unsigned type", .malformed, ["dtype": "<u8", "fill_value": -1]),
    Row("a fill value of three parts", .malformed, ["dtype": "<c8", "fill_value": [1, 2, 3]]),
    Row("a fill value of half an integer", .malformed, ["dtype": "<i4", "fill_value": 0.5]),
  ]

  @Test(arguments: rows)
  func `hostile metadata`(row: Row) throws {
    let scratch = try Scratch()
    var file = ZarrFile()
    for (key, value) in row.keys { file[key] = value }
    let folder = try file.write(to: scratch)
    let error = try #require(throws: SmithError.self) { try Formats.open(folder) }
    #expect(error.kind == row.kind, "\(error)")
    #expect(error.place.file == folder + "/.zarray")
    if row.kind == .unsupported { #expect(error.remedy != nil || error.place.item != nil) }
  }

  @Test func `every truncation of the metadata is an error`() throws {
    let scratch = try Scratch()
    let whole = ZarrFile().bytes
    for count in 0..<whole.count {
      try scratch.write(Array(whole[..<count]), as: "w/.zarray")
      let error = #expect(throws: SmithError.self) { try Formats.open(scratch.path + "/w") }
      #expect(error?.place.file == scratch.path + "/w/.zarray")
    }
  }

  @Test func `no changed byte of the metadata is a trap`() throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes("zarr/single/.zarray")
    for name in ["0", "1", "2"] {
      try scratch.write(try Fixtures.bytes("zarr/single/" + name), as: "w/" + name)
    }
    for (index, bits) in whole.indices.flatMap({ index in [1, 4, 0x10, 0x80].map { (index, $0) } })
    {
      var bytes = whole
      bytes[index] ^= UInt8(bits)
      try scratch.write(bytes, as: "w/.zarray")
      do {
        let source = try Formats.open(scratch.path + "/w")
        let tensor = source.tensors[0]
        if tensor.byteCount > 0 { _ = try source.bytes(tensor) }
      } catch { #expect(error.place.file != nil) }
    }
  }

  /// One array of two chunks of two f32, and what its first chunk's file holds.
  @Test(
    arguments: [
      (nil, [], .truncated), (nil, [1, 2, 3, 4, 5, 6, 7], .truncated),
      (nil, [1, 2, 3, 4, 5, 6, 7, 8, 9], .mismatch), ("gzip", [], .malformed),
      ("gzip", [1, 2, 3, 4, 5, 6, 7, 8], .malformed),
      // Nine, seven, and eight bytes with a damaged checksum.
      ("zlib", [120, 156, 99, 96, 128, 1, 0, 0, 9, 0, 1], .malformed),
      ("zlib", [120, 156, 99, 96, 0, 3, 0, 0, 7, 0, 1], .malformed),
      ("zlib", [120, 156, 99, 96, 128, 1, 0, 0, 8, 0, 2], nil),
    ] as [(String?, [UInt8], SmithError.Kind?)])
  func `hostile chunks`(compressor: String?, bytes: [UInt8], kind: SmithError.Kind?) throws {
    let scratch = try Scratch()
    var file = ZarrFile()
    file["compressor"] = compressor.map { ["id": .string($0)] } ?? JSON.null
    let folder = try file.write(to: scratch)
    try scratch.write(bytes, as: "w/0")
    let source = try Formats.open(folder)
    let error = try #require(throws: SmithError.self) { try source.bytes(source.tensors[0]) }
    if let kind { #expect(error.kind == kind, "\(error)") }
    #expect(error.place.file?.hasSuffix("/w/0") == true)
    #expect(error.place.item == "w")
    // The other chunk is not there, and still zeros.
    #expect(try source.bytes(source.tensors[0], 8..<16) == [UInt8](repeating: 0, count: 8))
  }

  @Test func `every changed byte of a gzip chunk is found, or changes nothing`() throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes("zarr/single/0")
    try scratch.write(try Fixtures.bytes("zarr/single/.zarray"), as: "single/.zarray")
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 0x20
      try scratch.write(bytes, as: "single/0")
      let source = try Formats.open(scratch.path + "/single")
      do {
        let read = try source.bytes(source.tensors[0], 0..<8)
        // The header's time, system and flags say nothing of the data.
        #expect(read == [0, 0, 0, 0, 1, 0, 0, 0], "byte \(index)")
        #expect(index < 10)
      } catch { #expect(error.place.file?.hasSuffix("/single/0") == true) }
    }
    for count in 0..<whole.count {
      try scratch.write(Array(whole[..<count]), as: "single/0")
      let source = try Formats.open(scratch.path + "/single")
      #expect(throws: SmithError.self) { try source.bytes(source.tensors[0], 0..<8) }
    }
  }

  /// `secret` lies beside the checkpoint's folder.
  @Test(
    arguments: [
      ("../../secret", .refused), ("/etc/hostname", .refused), ("nowhere", .refused),
      ("../other", nil),
    ] as [(String, SmithError.Kind?)])
  func `chunks that are links`(target: String, kind: SmithError.Kind?) throws {
    let scratch = try Scratch()
    try scratch.write([UInt8](repeating: 7, count: 8), as: "secret")
    try scratch.write([UInt8](repeating: 1, count: 8), as: "group/other")
    try ZarrFile().write(to: scratch, as: "group/w")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/group/w/0", withDestinationPath: target)
    let source = try Formats.open(scratch.path + "/group")
    guard let kind else {
      #expect(try source.bytes(source.tensors[0], 0..<8) == [UInt8](repeating: 1, count: 8))
      return
    }
    let error = try #require(throws: SmithError.self) { try source.bytes(source.tensors[0]) }
    #expect(error.kind == kind)
    #expect(error.remedy != nil)
  }

  @Test func `folders that lead back, deep folders, folders of nothing`() throws {
    let scratch = try Scratch()
    try ZarrFile().write(to: scratch, as: "group/w")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/group/again", withDestinationPath: ".")
    #expect(try Formats.open(scratch.path + "/group").tensors.map(\.name) == ["w"])
    let deep = "group/" + [String](repeating: "d", count: 20).joined(separator: "/")
    try ZarrFile().write(to: scratch, as: deep)
    let error = #expect(throws: SmithError.self) { try Formats.open(scratch.path + "/group") }
    #expect(error?.kind == .limit)
    try scratch.write([], as: "empty/.zgroup")
    let none = #expect(throws: SmithError.self) { try Formats.open(scratch.path + "/empty") }
    #expect(none?.kind == .missing)
    try scratch.write([], as: "three/w/zarr.json")
    try scratch.write([], as: "three/.zgroup")
    let three = #expect(throws: SmithError.self) { try Formats.open(scratch.path + "/three") }
    #expect(three?.kind == .unsupported)
  }

  /// 4 MiB of zeros in 4 KiB: read in slabs, and a chunk that claims more than deflate can give.
  @Test func `a chunk is inflated once, and only as far as it can go`() throws {
    let scratch = try Scratch()
    var file = ZarrFile()
    file["shape"] = [1_048_576]
    file["chunks"] = [1_048_576]
    file["compressor"] = ["id": "zlib"]
    let folder = try file.write(to: scratch)
    try scratch.write([120, 156, 99, 96, 0, 1], as: "w/0")
    let source = try Formats.open(folder)
    let error = try #require(throws: SmithError.self) { try source.bytes(source.tensors[0], 0..<4) }
    #expect(error.kind == .malformed)
    #expect(error.detail.contains("too few"))
  }
}
