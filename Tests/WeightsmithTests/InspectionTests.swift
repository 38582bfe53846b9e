import Foundation
import TestSupport
import Testing
import Weightsmith

/// `inspect --json` is read by other programs: its keys and words are a contract.
@Suite struct InspectionTests {
  private func json(
    _ path: String, _ options: Model.Options = Model.Options()
  ) throws -> [String: Any] {
    let inspection = try Inspection(Checkpoint.open(Fixtures.path(path)), options: options)
    let text = inspection.json(tensors: inspection.tensors).serialized()
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private static let keys: Set = [
    "container", "family", "dialect", "configuration", "heads", "parameters", "tensors", "metadata",
  ]

  @Test(arguments: Samples.models)
  func `a model has every key`(sample: Sample) throws {
    let object = try json(sample.path, sample.options)
    #expect(Self.keys.isSubset(of: object.keys))
    #expect(object["family"] as? String == sample.family)
    #expect(object["dialect"] as? String == sample.dialect.rawValue)
    #expect(Formats.all.contains { $0.name == object["container"] as? String })
    let tensors = try #require(object["tensors"] as? [[String: Any]])
    #expect(!tensors.isEmpty)
    for tensor in tensors {
      #expect(Set(tensor.keys) == ["name", "dtype", "shape", "bytes"])
      // An object graph is text.
      if tensor["dtype"] as? String == "string" { continue }
      let count = try #require(tensor["shape"] as? [Int]).reduce(1, *)
      let width = ["f32": 4, "i64": 8, "i32": 4][tensor["dtype"] as? String ?? ""]
      #expect(tensor["bytes"] as? Int == width.map { $0 * count })
    }
    let configuration = try #require(object["configuration"] as? [String: Any])
    let schedule = try #require(configuration["schedule"] as? [Int])
    #expect(configuration["executedBlocks"] as? Int == schedule.count)
    #expect(configuration["distinctBlocks"] as? Int == Set(schedule).count)
    #expect(object["parameters"] as? Int ?? 0 > 500 && object["heads"] as? [String] != nil)
  }

  @Test(arguments: Samples.readable)
  func `any other checkpoint too, with null for what is not known`(sample: Sample) throws {
    let object = try json(sample.path)
    #expect(Self.keys.isSubset(of: object.keys))
    guard object["family"] is NSNull else { return }
    for key in ["dialect", "configuration", "parameters"] {
      #expect(object[key] is NSNull, "\(key)")
    }
    #expect(object["heads"] as? [String] == [])
  }

  @Test(arguments: [
    ("models/albert/google_tf", ["mlm", "sop"]),
    ("models/bert/google_tf_finetuned_squad", ["span"]),
    ("models/bert/google_tf_finetuned_classifier", ["sequence"]),
    ("models/bert/hf", ["mlm", "nsp"]),
    ("models/roberta/hf", ["mlm"]),
    ("models/distilbert/hf", ["mlm"]),
    ("models/electra/hf_discriminator", ["discriminator"]),
    ("models/electra/hf_generator", ["mlm"]),
  ])
  func `heads have their names`(folder: String, heads: [String]) throws {
    #expect(try json(folder)["heads"] as? [String] == heads)
  }

  @Test func `dtypes are the contract's words`() throws {
    let rows = try #require(try json("formats/tf_v2_dtypes")["tensors"] as? [[String: Any]])
    let found = Set(rows.compactMap { $0["dtype"] as? String })
    #expect(found.isSuperset(of: ["f32", "f16", "bf16", "f64", "i64", "bool"]))
  }

  /// The trained samples' README: 231,310 and 192,582 parameters.
  @Test(arguments: [
    ("trained/tiny_albert/google_tf", 231_310), ("trained/tiny_albert/hf", 231_310),
    ("trained/tiny_bert/hf", 192_582),
  ])
  func `parameters are counted once`(folder: String, count: Int) throws {
    #expect(try json(folder)["parameters"] as? Int == count)
  }
}
