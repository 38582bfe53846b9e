import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Places in names that take text: which of several heads is read.
@Suite struct WordChoiceTests {
  private static let key = "classification_head_name"

  /// A model of fairseq's with a head for each name.
  private func stored(_ heads: [String]) throws -> StoredTensors {
    let dialect = try #require(Family.roberta.dialect(.fairseq))
    var stored: StoredTensors = [:]
    for (name, recipe) in Synthetic(.roberta, dialect).stored {
      let isHead = name.hasPrefix("classification_heads.")
      for head in isHead ? heads : [""] {
        let own = name.replacing("sentence_classification_head", with: head)
        stored[own] = .source(name: own, dtype: .f32, shape: recipe.shape)
      }
    }
    return stored
  }

  private func read(
    _ heads: [String], file: JSONObject = [:], set: JSONObject = [:]
  ) throws -> Parameters {
    var values = Synthetic.configuration(.roberta)
    for (key, value) in file { values[key] = value }
    return try ParameterReader(configurationFile: ("config", values), overrides: set)
      .read(stored(heads)).0
  }

  private func source(_ parameters: Parameters) -> String? {
    parameters.recipes["heads.sequence.weight"]?.sources.first
  }

  @Test func `one head is read whatever it is called`() throws {
    for file: JSONObject in [[:], [Self.key: "other"]] {
      let found = try read(["mnli"], file: file)
      #expect(source(found) == "classification_heads.mnli.out_proj.weight" && found.notes == [])
      #expect(found.configuration.carried[Self.key] == "mnli")
    }
    let none = try read([])
    #expect(none.configuration.heads == ["mlm"] && none.configuration.carried[Self.key] == nil)
  }

  @Test func `of several the user's word counts, else the configuration's`() throws {
    let heads = ["mnli", "topic", "sst"]
    let own = try read(heads, file: [Self.key: "topic"])
    #expect(source(own) == "classification_heads.topic.out_proj.weight")
    #expect(own.notes.count == 1 && own.notes[0].contains("mnli, sst, topic"))
    let asked = try read(heads, file: [Self.key: "topic"], set: [Self.key: "sst"])
    #expect(source(asked) == "classification_heads.sst.out_proj.weight" && asked.notes == [])
    #expect(asked.fates.count { $0.kind == .ignored && $0.detail.contains("sst") } == 8)
  }

  @Test func `without a word, or with one for no head, the heads are named`() throws {
    for file: JSONObject in [[:], [Self.key: "other"]] {
      let error = #expect(throws: SmithError.self) { try read(["b", "a"], file: file) }
      #expect(error?.kind == .usage && error?.detail.contains("classification heads: a, b") == true)
      #expect(error?.remedy == "--set \(Self.key)=a, or --set \(Self.key)=b")
    }
    let error = #expect(throws: SmithError.self) { try read(["a"], set: [Self.key: "c"]) }
    #expect(error?.kind == .usage && error?.detail.contains("heads are a") == true)
    let many = #expect(throws: SmithError.self) { try read((10...40).map { "head\($0)" }) }
    #expect(many?.detail.hasSuffix("head17, …") == true)
  }

  /// Both would be one parameter's tensor.
  @Test func `a head that lacks a tensor is missing it, whatever the others have`() throws {
    var tensors = try stored(["a", "b"])
    tensors["classification_heads.a.dense.bias"] = nil
    let reader = ParameterReader(
      configurationFile: ("config", Synthetic.configuration(.roberta)),
      overrides: [Self.key: "a"])
    let error = #expect(throws: SmithError.self) { try reader.read(tensors) }
    #expect(error?.kind == .missing && error?.detail.contains("heads.sequence.dense.bias") == true)
  }
}
