import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct SafetensorsReadingTests {
  /// What the safetensors package itself reads from each sample (Fixtures/generate/safetensors_truth.py).
  static let truth: [(file: String, value: JSON)] = {
    guard let bytes = try? Fixtures.bytes("safetensors/samples.json"),
      let files = try? JSON.parse(bytes).objectValue
    else { return [] }
    return files.map { ($0.key, $0.value) }
  }()

  static let spellings: [String: DType] = [
    "BOOL": .bool, "U8": .u8, "I8": .i8, "U16": .u16, "I16": .i16, "U32": .u32, "I32": .i32,
    "U64": .u64, "I64": .i64, "F16": .f16, "BF16": .bf16, "F32": .f32, "F64": .f64, "C64": .c64,
    "F8_E4M3": .f8e4m3, "F8_E5M2": .f8e5m2,
  ]

  @Test func `the samples are there`() { #expect(Self.truth.count > 15) }

  @Test(arguments: truth.map(\.file)) func `a sample reads as its package reads it`(
    _ file: String
  ) throws {
    let truth = try #require(Self.truth.first { $0.file == file }?.value)
    let source = try Formats.open(Fixtures.path(file))
    #expect(source.container == "safetensors")
    #expect(source.files == [Fixtures.path(file)])
    let metadata = try #require(truth["metadata"]?.objectValue)
    #expect(source.metadata.count == metadata.count)
    for (key, value) in metadata { #expect(source.metadata[key] == value.stringValue) }
    let expected = try #require(truth["tensors"]?.objectValue)
    #expect(source.tensors.count == expected.count)
    for tensor in source.tensors {
      let row = try #require(expected[tensor.name])
      #expect(tensor.encoding.dtype == Self.spellings[row["dtype"]?.stringValue ?? ""])
      #expect(tensor.shape == row["shape"]?.arrayValue?.compactMap(\.intValue))
      #expect(hex(try source.bytes(tensor)) == row["data"]?.stringValue)
    }
  }

  @Test func `tensors come in the order of their bytes`() throws {
    let source = try Formats.open(Fixtures.path("formats/mlx_plain.safetensors"))
    #expect(source.tensors.map(\.name) == ["c64", "bool", "i8", "bf16", "f32"])
  }

  @Test func `a part of a tensor is read alone`() throws {
    let source = try Formats.open(Fixtures.path("formats/safetensors_basic.safetensors"))
    let tensor = try #require(source.tensors.first { $0.name == "b.f64" })
    let whole = try source.bytes(tensor)
    var part = [UInt8](repeating: 0, count: 17)
    try fill(&part, source, tensor, at: 40)
    #expect(part == Array(whole[40..<57]))
    #expect(
      failure { () throws(SmithError) in try fill(&part, source, tensor, at: 80) }?.kind == .usage)
    #expect(
      failure { () throws(SmithError) in try fill(&part, source, tensor, at: -1) }?.kind == .usage)
    #expect(
      failure { () throws(SmithError) in try fill(&part, source, tensor, at: .max) }?.kind == .usage
    )
    let stranger = try TensorInfo(name: "stranger", dtype: .u8, shape: [17])
    let error = failure { () throws(SmithError) in try fill(&part, source, stranger, at: 0) }
    #expect(error?.kind == .missing)
    #expect(error?.place.item == "stranger")
  }

  @Test func `sub-byte tensors have their sizes`() throws {
    let source = try Formats.open(Fixtures.path("safetensors/written_every.safetensors"))
    let narrow = source.tensors.filter { $0.encoding.dtype == .f4 }
    #expect(narrow.count == 4)
    #expect(narrow.allSatisfy { $0.byteCount == 6 && $0.shape == [3, 4] })
  }

  private func fill(
    _ bytes: inout [UInt8], _ source: any TensorSource, _ tensor: TensorInfo, at offset: Int
  ) throws(SmithError) {
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    try source.read(tensor, at: offset, into: &raw)
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
