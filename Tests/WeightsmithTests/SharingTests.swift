import Foundation
import SmithModels
import SmithTensors
import TestSupport
import Testing
import Weightsmith

@Suite struct SharingTests {
  private static func model(_ path: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path(path)))
  }

  private static func bytes(_ model: Model, _ name: String) throws -> [UInt8] {
    var evaluator = RecipeEvaluator(source: model.source)
    return try evaluator.bytes(try #require(model.parameters.recipes[name]))
  }

  /// Blocks that were copies collapse to the very bits they were copied from.
  @Test(arguments: Sharing.Method.allCases)
  func `equal blocks collapse exactly`(method: Sharing.Method) throws {
    let model = try Self.model("models/albert/hf")
    let again = try model.applying(.unshare, .share(method))
    #expect(again.configuration.schedule == model.configuration.schedule)
    #expect(again.configuration.sizes == model.configuration.sizes)
    #expect(Set(again.parameters.recipes.keys) == Set(model.parameters.recipes.keys))
    for name in model.parameters.recipes.keys {
      #expect(try Self.bytes(again, name) == Self.bytes(model, name), "\(name)")
    }
  }

  /// The mean of n equal tensors of different names is computed, and is that tensor.
  @Test(arguments: [2, 3, 7])
  func `the mean of equal values is the value`(count: Int) throws {
    let model = try Self.model("models/bert/hf")
    let recipe = try #require(model.parameters.recipes["blocks.1.feedForward.up.weight"])
    var evaluator = RecipeEvaluator(source: model.source)
    let mean = Recipe.mean([Recipe](repeating: recipe, count: count))
    #expect(try evaluator.bytes(mean) == evaluator.bytes(recipe))
    #expect(try evaluator.bytes(mean, rows: 3..<5) == evaluator.bytes(recipe, rows: 3..<5))
  }

  @Test func `means are numpy's`() throws {
    struct Truth: Decodable { var means: [String: [Float]] }
    let path = Fixtures.path("transforms/truth.json")
    let truth = try JSONDecoder().decode(
      Truth.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    let shared = try Self.model("models/bert/hf").applying(.share(.mean), .change(to: .albert))
    let names = [
      "attention.self.query.weight": "attention.query.weight",
      "attention.self.query.bias": "attention.query.bias",
      "output.dense.weight": "feedForward.down.weight",
    ]
    #expect(truth.means.count == names.count)
    var evaluator = RecipeEvaluator(source: shared.source)
    for (theirs, ours) in names {
      let recipe = try #require(shared.parameters.recipes["blocks.0.\(ours)"])
      #expect(try evaluator.floats(recipe) == truth.means[theirs])
    }
  }

  /// A block whose heads and neurons stand in another order is the same block: aligned, the mean is exact; as they stand it is not.
  @Test func `alignment finds heads and neurons again`() throws {
    let model = try Self.model("models/bert/hf").applying(.share(.first), .unshare)
    var shuffled = model.parameters
    let block = shuffled.configuration.schedule.count - 1
    let width = model.configuration[.hidden] / model.configuration[.heads]
    let heads = (0..<model.configuration[.heads]).reversed()
    let rows = heads.flatMap { head in (0..<width).map { head * width + $0 } }
    let neurons = (0..<model.configuration[.intermediate]).map {
      ($0 * 7 + 3) % model.configuration[.intermediate]
    }
    func pick(_ name: String, _ order: [Int], columns: Bool = false) throws {
      let recipe = try #require(shuffled.recipes["blocks.\(block).\(name)"])
      shuffled.recipes["blocks.\(block).\(name)"] =
        columns
        ? Recipe.picking(recipe.transposed, rows: order).transposed
        : .picking(recipe, rows: order)
    }
    for part in ["query", "key", "value"] {
      try pick("attention.\(part).weight", rows)
      try pick("attention.\(part).bias", rows)
    }
    try pick("attention.output.weight", rows, columns: true)
    try pick("feedForward.up.weight", neurons)
    try pick("feedForward.up.bias", neurons)
    try pick("feedForward.down.weight", neurons, columns: true)
    let other = try model.replaced(by: shuffled)
    try expectSame(model, other)
    try expectSame(model, other.applying(.share(.aligned)))
    let plain = try TransformReport(from: model, to: other.applying(.share(.mean)))
    #expect(plain.layers.contains { $0.maxAbs > 0.1 })
  }

  private func expectSame(_ old: Model, _ new: Model) throws {
    let report = try TransformReport(from: old, to: new)
    #expect(report.layers.count > old.configuration.schedule.count)
    for layer in report.layers { #expect(layer.maxAbs < 2e-5, "\(layer.name)") }
  }

  /// No other block of the group would have lost less.
  @Test func `best is the best`() throws {
    let model = try Self.model("models/bert/hf")
    let depths = model.configuration.schedule.count
    func loss(_ candidate: Model) throws -> Double {
      let report = try TransformReport(from: model, to: candidate)
      return try #require(report.layers.last { $0.name.hasPrefix("layers.") }).meanAbs
    }
    var losses: [Double] = []
    for depth in 0..<depths {
      var parameters = model.parameters
      parameters.configuration.schedule = [Int](repeating: depth, count: depths)
      losses.append(try loss(model.replaced(by: parameters)))
    }
    let chosen = try loss(model.applying(.share(.best)))
    #expect(chosen == losses.min())
    #expect(Set(losses).count == depths)
  }

  /// 3 depths in 2 groups: the first two share, as transformers' ALBERT runs them.
  @Test func `groups are cut as transformers cuts them`() throws {
    let scratch = try Scratch()
    let shared = try Self.model("models/bert/hf")
      .applying(.share(.mean, groups: 2), .change(to: .albert))
    #expect(shared.configuration.schedule == [0, 0, 1])
    let written = try shared.written(
      as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/out")
    #expect(written.configuration.schedule == [0, 0, 1])
    let report = try TransformReport(from: shared, to: written)
    #expect(report.changed.isEmpty)
    for layer in report.layers { #expect(layer.maxAbs == 0, "\(layer.name)") }
  }

  /// On what it was fitted to, least squares loses less at every layer of the block than the mean does.
  @Test func `least squares is nearer than the mean`() throws {
    let model = try Self.model("trained/tiny_bert/hf")
    let rows = (0..<12).map { row in (0..<10).map { 5 + (row * 17 + $0 * 7) % 150 } }
    func last(_ method: Sharing.Method) throws -> Double {
      let candidate = try model.applying(.share(method, groups: 2, on: .tokens(rows)))
      let report = try TransformReport(from: model, to: candidate, on: .tokens(rows))
      return try #require(report.layers.last { $0.name.hasPrefix("layers.") }).meanAbs
    }
    #expect(try last(.squares) < last(.mean) * 0.9)
  }

  /// Collapsing and expanding gives the old model where the blocks were equal, and only there.
  @Test(arguments: Sharing.Method.allCases)
  func `expanding what was collapsed`(method: Sharing.Method) throws {
    let equal = try Self.model("models/bert/hf").applying(.share(.first), .unshare)
    let again = try equal.applying(.share(method), .unshare)
    for name in equal.parameters.recipes.keys {
      #expect(try Self.bytes(again, name) == Self.bytes(equal, name), "\(name)")
    }
    let different = try Self.model("models/bert/hf")
    let lost = try different.applying(.share(method), .unshare)
    let changed = try different.parameters.recipes.keys.count { name in
      try Self.bytes(lost, name) != Self.bytes(different, name)
    }
    #expect(changed >= 32)
  }

  /// Copies of a block that stand in tensors of their own are found to be equal by their values.
  @Test(arguments: [Sharing.Method.mean, .aligned, .squares])
  func `equal values collapse exactly too`(method: Sharing.Method) throws {
    let scratch = try Scratch()
    let copies = try Self.model("models/bert/hf").applying(.share(.first), .unshare)
      .written(as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/copies")
    let shared = try copies.applying(.share(method))
    for name in shared.parameters.recipes.keys {
      #expect(try Self.bytes(shared, name) == Self.bytes(copies, name), "\(name)")
    }
  }

  @Test(arguments: [0, 4])
  func `numbers of groups that cannot be`(groups: Int) throws {
    let model = try Self.model("models/bert/hf")
    let error = #expect(throws: SmithError.self) {
      try model.applying(.share(.mean, groups: groups))
    }
    #expect(error?.kind == .usage)
    #expect(error?.remedy == "1 to 3")
  }
}

extension Model {
  fileprivate func replaced(by parameters: Parameters) throws -> Model {
    try applying(Transform(name: "replace") { _ in parameters })
  }
}
