import Foundation
import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct SafetensorsAttackTests {
  /// Files that the crate opens and we do not: two parsers could see two models in them, or overflow.
  static let stricter: Set<String> = [
    "dup keys same", "dup keys diff (second first range)", "dup key in metadata",
    "tensor as array form", "overflow dims with zero",
  ]

  @Test func `the crate's verdict on hostile headers is ours`() throws {
    let cases = try #require(
      try JSON.parse(try Fixtures.bytes("formats/hostile_safetensors.json")).objectValue)
    #expect(cases.count == 59)
    let scratch = try Scratch()
    for (name, row) in cases {
      let bytes = [UInt8](hex: try #require(row["hex"]?.stringValue))
      let path = try scratch.write(bytes, as: "hostile.safetensors")
      if row["crate"] == "accept", !Self.stricter.contains(name) {
        let source = try Safetensors.open(path)
        let names = row["keys"]?.arrayValue?.compactMap(\.stringValue)
        #expect(Set(source.tensors.map(\.name)) == Set(names ?? []), "\(name)")
      } else {
        let error = failure { () throws(SmithError) in try Safetensors.open(path) }
        #expect(error?.place.file == path, "\(name)")
        #expect(error?.exitCode == 65, "\(name)")
      }
    }
  }

  struct Attack: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let kind: SmithError.Kind
    let offset: Int?
    let item: String?
    var testDescription: String { name }

    init(
      _ name: String, _ bytes: [UInt8], _ kind: SmithError.Kind, at offset: Int?,
      item: String? = nil
    ) {
      self.name = name
      self.bytes = bytes
      self.kind = kind
      self.offset = offset
      self.item = item
    }
  }

  private static func header(_ fields: String) -> [UInt8] {
    safetensorsFile("{\"a\":{\(fields)}}", data: Array(repeating: 0, count: 8))
  }

  static let attacks: [Attack] = [
    Attack("no bytes", [], .truncated, at: nil),
    Attack("seven bytes", Array(repeating: 0, count: 7), .truncated, at: nil),
    Attack("length beyond the limit", safetensorsFile("{}", length: 100_000_001), .limit, at: 0),
    Attack("length of 2^64 - 1", safetensorsFile("{}", length: .max), .limit, at: 0),
    Attack("length beyond the file", safetensorsFile("{}", length: 3), .truncated, at: 0),
    Attack("empty header", safetensorsFile(""), .truncated, at: 8),
    Attack("a list", safetensorsFile("[]"), .malformed, at: 8),
    Attack("data and no tensor", safetensorsFile("{}", data: [1]), .malformed, at: 10),
    Attack(
      "unknown type", header(#""dtype":"F128","shape":[2],"data_offsets":[0,8]"#), .unsupported,
      at: 22, item: "a"),
    Attack(
      "type in lower case", header(#""dtype":"f32","shape":[2],"data_offsets":[0,8]"#),
      .unsupported, at: 22, item: "a"),
    Attack(
      "sizes disagree", header(#""dtype":"F32","shape":[3],"data_offsets":[0,8]"#), .mismatch,
      at: 13, item: "a"),
    Attack(
      "end before begin", header(#""dtype":"F32","shape":[2],"data_offsets":[8,0]"#), .mismatch,
      at: 13, item: "a"),
    Attack(
      "17 dimensions",
      header(
        #""shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"dtype":"F32","data_offsets":[0,8]"#),
      .limit, at: 55, item: "a"),
    Attack(
      "huge beside zero",
      header(#""dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]"#), .limit,
      at: 13, item: "a"),
    Attack(
      "offset of 2^63",
      header(#""dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775808]"#), .limit, at: 58,
      item: "a"),
    Attack(
      "a gap", header(#""dtype":"F32","shape":[1],"data_offsets":[4,8]"#), .malformed, at: 13,
      item: "a"),
    Attack(
      "an overlap",
      safetensorsFile(
        #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
          + #""b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}}"#,
        data: Array(repeating: 0, count: 7)), .malformed, at: 65, item: "b"),
    Attack(
      "beyond the data", header(#""dtype":"F32","shape":[3],"data_offsets":[0,12]"#), .truncated,
      at: 13, item: "a"),
    Attack(
      "a long name",
      safetensorsFile("{\"\(String(repeating: "n", count: 4097))\":{}}"), .limit, at: 4109),
    Attack(
      "names that differ in normalization only",
      safetensorsFile(
        "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
          + "\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"), .mismatch,
      at: 68, item: "\u{E9}"),
    Attack(
      "a Git LFS pointer", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8),
      .unsupported, at: nil),
  ]

  @Test(arguments: attacks) func `an attack is refused at its place`(_ attack: Attack) throws {
    let scratch = try Scratch()
    let path = try scratch.write(attack.bytes, as: "attack.safetensors")
    let error = failure { () throws(SmithError) in try Formats.open(path) }
    #expect(error?.kind == attack.kind)
    #expect(error?.place.offset == attack.offset)
    #expect(error?.place.item == attack.item)
    #expect(error?.place.file == path)
  }

  @Test func `a file cut anywhere is refused`() throws {
    let bytes = try Fixtures.bytes("formats/safetensors_basic.safetensors")
    let scratch = try Scratch()
    for end in bytes.indices {
      let path = try scratch.write(Array(bytes[..<end]), as: "cut.safetensors")
      let error = failure { () throws(SmithError) in try Safetensors.open(path) }
      #expect(error?.exitCode == 65, "cut at \(end)")
    }
  }

  @Test func `a changed header byte is refused or leaves a whole file`() throws {
    let bytes = try Fixtures.bytes("formats/safetensors_basic.safetensors")
    let scratch = try Scratch()
    var survivors = 0
    for index in 0..<600 {
      for mask: UInt8 in [0x01, 0x04, 0x80] {
        var changed = bytes
        changed[index] ^= mask
        let path = try scratch.write(changed, as: "changed.safetensors")
        guard let source = try? Safetensors.open(path) else { continue }
        survivors += 1
        #expect(source.tensors.reduce(0) { $0 + $1.byteCount } == 201)
        for tensor in source.tensors { _ = try source.bytes(tensor) }
      }
    }
    #expect(survivors > 0)
  }

  @Test func `a file that shrinks after opening is an error`() throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes("formats/safetensors_basic.safetensors")
    let path = try scratch.write(whole, as: "shrinks.safetensors")
    let source = try Safetensors.open(path)
    let handle = try #require(fopen(path, "r+"))
    #expect(ftruncate(fileno(handle), 610) == 0)
    fclose(handle)
    let tensor = try #require(source.tensors.first { $0.name == "a.f32" })
    let error = failure { () throws(SmithError) in try source.bytes(tensor) }
    #expect(error?.kind == .truncated)
    #expect(error?.place.item == "a.f32")
  }
}
