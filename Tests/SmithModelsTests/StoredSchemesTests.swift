import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Attacks on our own metadata: what it says of the tensors is believed only where the tensors bear it out.
@Suite struct StoredSchemesTests {
  /// Names, types and shapes without bytes.
  private struct Listing: TensorSource {
    let container = "listing"
    let files = ["model.safetensors"]
    var tensors: [TensorInfo]
    var metadata: [String: String]

    func read(
      _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
    ) throws(SmithError) {
      throw SmithError(.io, "a listing has no bytes")
    }
  }

  private func fold(_ text: String) throws -> StoredTensors {
    let tensors = [
      try TensorInfo(name: "w", dtype: .i8, shape: [4, 8]),
      try TensorInfo(name: "w_scale", dtype: .f32, shape: [4, 1]),
      try TensorInfo(name: "w_scale_scale", dtype: .f32, shape: [4, 1]),
      try TensorInfo(name: "q", dtype: .u8, shape: [2, 34]),
      try TensorInfo(name: "n", dtype: .i8, shape: [1, 1]),
      try TensorInfo(name: "n_scale", dtype: .i8, shape: [1, 1]),
      try TensorInfo(name: "n_scale_scale", dtype: .f32, shape: [1, 1]),
    ]
    return try StoredSchemes.fold(Listing(tensors: tensors, metadata: [StoredSchemes.key: text]))
  }

  @Test func `true metadata folds components into one tensor`() throws {
    let stored = try fold(
      """
      {"w": {"scheme": "int8-channel", "shape": [4, 8]}, "q": {"scheme": "q8_0", "shape": [2, 32]}}
      """)
    #expect(stored["w"]?.storedScheme == "int8-channel" && stored["w"]?.shape == [4, 8])
    #expect(stored["w_scale"] == nil)
    #expect(stored["q"]?.storedScheme == "q8_0" && stored["q"]?.dtype == .f32)
  }

  @Test
  func `blocks a container stores itself are the values they stand for, where we decode them`()
    throws
  {
    func blocks(_ name: String, _ scheme: String, _ shape: [Int], _ bytes: Int) -> TensorInfo {
      TensorInfo(name: name, encoding: .scheme(scheme), shape: shape, byteCount: bytes)
    }
    let tensors = [
      blocks("m", "q8_0", [2, 3, 64], 6 * 68), blocks("v", "q8_0", [32], 34),
      blocks("unknown", "q1_0", [1, 128], 18), blocks("k", "q8_k", [2, 256], 584),
      blocks("parts", "int8-channel", [1, 4], 8),
      blocks("odd", "q8_0", [1, 33], 34), blocks("short", "q8_0", [1, 32], 33),
      blocks("scalar", "q8_0", [], 34),
    ]
    let stored = try StoredSchemes.fold(Listing(tensors: tensors, metadata: [:]))
    #expect(Set(stored.keys) == ["m", "v", "k"] && stored["k"]?.storedScheme == "q8_k")
    #expect(
      stored["m"]
        == .decode(
          scheme: "q8_0", shape: [2, 3, 64],
          components: [.source(name: "m", dtype: .u8, shape: [2, 3, 68])]))
    #expect(stored["v"]?.shape == [32] && stored["v"]?.dtype == .f32)
    #expect(stored["v"]?.storedScheme == "q8_0" && stored["v"]?.sources == ["v"])
  }

  @Test func `codes become a container's own blocks only where they are just those`() throws {
    let text = """
      {"q": {"scheme": "q8_0", "shape": [2, 32]}, "w": {"scheme": "int8-channel", "shape": [4, 8]},
       "x": {"scheme": "q8_0", "shape": [2, 64]}}
      """
    let outputs = [
      ("q", DType.u8, [2, 34]), ("w", .i8, [4, 8]), ("x", .u8, [2, 34]),
    ].map { Plan.Output(name: $0.0, recipe: .source(name: $0.0, dtype: $0.1, shape: $0.2)) }
    let plan = Plan(outputs: outputs, fates: [], metadata: [StoredSchemes.key: text])
    var native = plan
    native.useNativeBlocks(of: ["q8_0", "int8-channel"])
    #expect(native.outputs.map(\.encoding) == [.scheme("q8_0"), .plain(.i8), .plain(.u8)])
    #expect(native.outputs[0].shape == [2, 32])
    #expect(try native.outputs[0].info().byteCount == 68)
    let left = try JSON.parse(Array(try #require(native.metadata[StoredSchemes.key]).utf8))
    #expect(left.objectValue?.keys == ["w", "x"])
    var same = plan
    same.useNativeBlocks(of: [])
    #expect(same.outputs == plan.outputs)
  }

  struct Lie: Sendable, CustomTestStringConvertible {
    var text: String
    var kind: SmithError.Kind
    var item: String
    var testDescription: String { text }

    init(_ text: String, _ kind: SmithError.Kind, at item: String = "metadata \(StoredSchemes.key)")
    {
      self.text = text
      self.kind = kind
      self.item = item
    }
  }

  @Test(arguments: [
    Lie("", .truncated), Lie("[]", .malformed), Lie("7", .malformed),
    Lie("{\"w\": 1, \"w\": 2}", .mismatch),
    Lie(String(repeating: "[", count: 100_000), .limit),
    Lie("{\"w\": null}", .unsupported, at: "w"),
    Lie("{\"w\": {\"scheme\": \"int1\", \"shape\": [4, 8]}}", .unsupported, at: "w"),
    Lie("{\"w\": {\"scheme\": \"int8-channel\"}}", .malformed, at: "w"),
    Lie("{\"w\": {\"scheme\": \"int8-channel\", \"shape\": [32]}}", .malformed, at: "w"),
    Lie("{\"w\": {\"scheme\": \"int8-channel\", \"shape\": [4.5, 8]}}", .malformed, at: "w"),
    Lie("{\"w\": {\"scheme\": \"int8-channel\", \"shape\": [-4, -8]}}", .malformed, at: "w"),
    Lie(
      "{\"w\": {\"scheme\": \"int8-channel\", \"shape\": [1099511627776, 1099511627776]}}", .limit,
      at: "w"),
    Lie("{\"w\": {\"scheme\": \"int8-channel\", \"shape\": [8, 4]}}", .mismatch, at: "w"),
    Lie("{\"w\": {\"scheme\": \"q8_0\", \"shape\": [4, 32]}}", .mismatch, at: "w"),
    Lie("{\"q\": {\"scheme\": \"q8_0\", \"shape\": [4611686018427387904, 0]}}", .mismatch, at: "q"),
    Lie("{\"q\": {\"scheme\": \"q8_0\", \"shape\": [2, 33]}}", .unsupported, at: "q"),
    Lie("{\"gone\": {\"scheme\": \"q8_0\", \"shape\": [2, 32]}}", .mismatch, at: "gone"),
    // A component that a scheme decodes itself.
    Lie(
      "{\"n_scale\": {\"scheme\": \"int8-channel\", \"shape\": [1, 1]}, "
        + "\"n\": {\"scheme\": \"int8-channel\", \"shape\": [1, 1]}}", .mismatch, at: "n"),
  ])
  func `lies are refused at their tensor`(lie: Lie) {
    let error = #expect(throws: SmithError.self) { try fold(lie.text) }
    #expect(error?.kind == lie.kind)
    #expect(error?.place == Place(file: "model.safetensors", item: lie.item))
  }
}
