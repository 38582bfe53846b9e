import Foundation
import TestSupport
import Testing
import Weightsmith

/// 18 layers in 14 groups: Google's `int(i / 18 * 14)` and Hugging Face's `int(i / (18 / 14))` run different groups at layer 9
/// (models §2.3), so the groups cannot be carried over as they are.
@Suite struct OddGroupsTests {
  static let (layers, groups) = (18, 14)
  static let configuration = """
    {"embedding_size": 4, "hidden_size": 6, "num_hidden_layers": 18, "num_hidden_groups": 14, "inner_group_num": 1,
     "num_attention_heads": 2, "intermediate_size": 8, "hidden_act": "gelu", "max_position_embeddings": 9,
     "type_vocab_size": 2, "vocab_size": 11}
    """

  /// The group at each layer, as written in each program.
  static let google = (0..<layers).map { Int(Double($0) / Double(layers) * Double(groups)) }
  static let huggingFace = (0..<layers).map { Int(Double($0) / (Double(layers) / Double(groups))) }

  /// Different numbers in every block, under the names that Google's graph would give them.
  static func tensors() -> [(name: String, shape: [Int], values: [Float])] {
    var state: UInt64 = 7
    func values(_ count: Int, around centre: Float) -> [Float] {
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return centre + Float(state >> 40) / Float(1 << 24) - 0.5
      }
    }
    var result: [(String, [Int], [Float])] = []
    func add(_ name: String, _ shape: [Int]) {
      result.append(
        (name, shape, values(shape.reduce(1, *), around: name.hasSuffix("gamma") ? 1 : 0)))
    }
    func linear(_ name: String, _ input: Int, _ output: Int) {
      add(name + "/kernel", [input, output])
      add(name + "/bias", [output])
    }
    func norm(_ name: String, _ width: Int) {
      ["beta", "gamma"].forEach { add("\(name)/\($0)", [width]) }
    }
    add("bert/embeddings/word_embeddings", [11, 4])
    add("bert/embeddings/position_embeddings", [9, 4])
    add("bert/embeddings/token_type_embeddings", [2, 4])
    norm("bert/embeddings/LayerNorm", 4)
    linear("bert/encoder/embedding_hidden_mapping_in", 4, 6)
    for group in Set(google).sorted() {
      let block = "bert/encoder/transformer/group_\(group)/inner_group_0/"
      for part in ["query", "key", "value"] { linear(block + "attention_1/self/\(part)", 6, 6) }
      linear(block + "attention_1/output/dense", 6, 6)
      norm(block + "LayerNorm", 6)
      linear(block + "ffn_1/intermediate/dense", 6, 8)
      linear(block + "ffn_1/intermediate/output/dense", 8, 6)
      norm(block + "LayerNorm_1", 6)
    }
    return result
  }

  @Test func `are unrolled, which the plan says, and stay the same model`() throws {
    try #require(Self.google != Self.huggingFace)
    let scratch = try Scratch()
    try scratch.write(Array(Self.configuration.utf8), as: "google/albert_config.json")
    try SafetensorsFile(Self.tensors()).write(to: "\(scratch.path)/google/model.safetensors")
    let bundle = "\(scratch.path)/tf"
    let first = try Model(Checkpoint.open("\(scratch.path)/google"))
    #expect(first.dialect == .original && first.configuration.schedule == Self.google)
    let model = try first.written(as: Form(container: "tf", names: .original), to: bundle)

    let work = try Conversion(model, to: "safetensors", as: .hf, at: "\(scratch.path)/hf")
    let prepared = try work.prepare()
    #expect(prepared.plan.notes.contains { $0.contains("unrolled to 18 own blocks") })
    _ = try work.run(prepared)
    let converted = try Model(Checkpoint.open("\(scratch.path)/hf"))
    let report = try Verification(of: converted, against: model).compare(on: .standard)
    #expect(report.holds && report.layers.contains { $0.name == "layers.17.output" })
    try expectRightBlocks(in: "\(scratch.path)/hf", size: converted.configuration.schedule.count)
  }

  /// Reads the output with Hugging Face's own formula: at every layer stands the block that Google's runs there.
  private func expectRightBlocks(in folder: String, size: Int) throws {
    let file = try SafetensorsFile("\(folder)/model.safetensors")
    let config =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: "\(folder)/config.json"))) as? [String: Any]
    let written = try #require(config?["num_hidden_groups"] as? Int)
    #expect(config?["num_hidden_layers"] as? Int == Self.layers && size == Self.layers)
    let sources = Dictionary(uniqueKeysWithValues: Self.tensors().map { ($0.name, $0.values) })
    for layer in 0..<Self.layers {
      let group = Int(Double(layer) / (Double(Self.layers) / Double(written)))
      let stored = file["encoder.albert_layer_groups.\(group).albert_layers.0.attention.query.bias"]
      let original =
        "bert/encoder/transformer/group_\(Self.google[layer])/inner_group_0/attention_1/self/query/bias"
      #expect(stored == sources[original], "layer \(layer)")
    }
  }
}
