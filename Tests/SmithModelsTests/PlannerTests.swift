import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

@Suite struct PlannerTests {
  /// An ALBERT of L layers in G groups, with only those blocks that `formula` runs, as Google's graph makes them.
  private func albert(
    layers: Int, groups: Int, formula: ScheduleFormula, embedding: Int = 8, projection: Bool = true
  ) -> Parameters {
    let schedule = formula.schedule(layers: layers, groups: groups, inner: 1)
    var sizes = Synthetic.sizes
    sizes[.embedding] = embedding
    sizes[.heads] = 3
    sizes[.layers] = layers
    sizes[.groups] = groups
    sizes[.innerBlocks] = 1
    var parameters = Parameters(
      configuration: ModelConfiguration(
        family: "albert", sizes: sizes, schedule: schedule, activation: .geluTanh,
        layerNormEpsilon: 1e-12, maskValue: .additive(-10000),
        parts: projection ? ["projection"] : [], classes: [:], carried: [:]),
      recipes: [:], fates: [], dialect: .original)
    for row in Family.albert.parameters
    where row.part == nil || (projection && row.part == "projection") {
      let shape = row.dimensions.map { dimension -> Int in
        if case .size(let size) = dimension { sizes[size] ?? 1 } else { 1 }
      }
      for block in row.name.places.isEmpty ? [0] : Set(schedule).sorted() {
        let name = row.name.filled(with: ["b": block])
        parameters.recipes[name] = .source(name: "stored/" + name, dtype: .f32, shape: shape)
      }
    }
    return parameters
  }

  private func plan(
    _ parameters: Parameters, for name: Dialect.Name, identity: Bool = false
  ) throws -> (plan: Plan, written: Parameters) {
    let dialect = try #require(Family.albert.dialect(name))
    return try Planner(family: .albert, dialect: dialect) { _ throws(SmithError) in identity }.plan(
      parameters)
  }

  /// The source of the query weight that the target's own library would run at each depth.
  private func blocksRun(
    _ plan: Plan, _ written: Parameters, as name: Dialect.Name
  ) throws -> [String] {
    let dialect = try #require(Family.albert.dialect(name))
    let it = written.configuration
    let schedule = dialect.schedule.schedule(
      layers: it[.layers], groups: it[.groups], inner: it[.innerBlocks])
    let rule = try #require(
      dialect.rules.first { $0.canonical.text == "blocks.{b}.attention.query.weight" })
    let bare = it.heads.isEmpty ? dialect.otherScopes.first : nil
    return try schedule.map { block in
      let inner = it[.innerBlocks]
      var stored = rule.stored.filled(with: ["b": block, "g": block / inner, "k": block % inner])
      if let bare { stored = bare + stored.dropFirst(dialect.scope.count) }
      return try #require(plan.outputs.first { $0.name == stored }, "\(stored)").recipe.sources[0]
    }
  }

  @Test(arguments: [(18, 14), (22, 22), (23, 23), (12, 1), (12, 12), (6, 2), (29, 7)])
  func `Hugging Face's formula runs the blocks that Google's does`(layers: Int, groups: Int) throws
  {
    let parameters = albert(layers: layers, groups: groups, formula: .albertOriginal)
    let (plan, written) = try plan(parameters, for: .hf)
    let expected = parameters.configuration.schedule.map {
      "stored/blocks.\($0).attention.query.weight"
    }
    #expect(try blocksRun(plan, written, as: .hf) == expected)
  }

  @Test(arguments: [(18, 14), (22, 22), (23, 23), (12, 3)])
  func `and Google's those of Hugging Face's`(layers: Int, groups: Int) throws {
    let parameters = albert(layers: layers, groups: groups, formula: .albertHuggingFace)
    let (plan, written) = try plan(parameters, for: .original)
    let expected = parameters.configuration.schedule.map {
      "stored/blocks.\($0).attention.query.weight"
    }
    #expect(try blocksRun(plan, written, as: .original) == expected)
  }

  @Test func `18 layers in 14 groups are unrolled, 12 in 1 are not, and the plan says so`() throws {
    let odd = try plan(albert(layers: 18, groups: 14, formula: .albertOriginal), for: .hf)
    #expect(odd.plan.notes.count == 1 && odd.plan.notes[0].contains("unrolled"))
    #expect(odd.written.configuration[.groups] == 18)
    let plain = try plan(albert(layers: 12, groups: 1, formula: .albertOriginal), for: .hf)
    #expect(plain.plan.notes.isEmpty && plain.written.configuration[.groups] == 1)
  }

  /// Google's graph has no map when E = H, Hugging Face's class always has one.
  @Test func `with E = H an identity map is added for one side and dropped for the other`() throws {
    let bare = albert(
      layers: 2, groups: 1, formula: .albertOriginal, embedding: 12, projection: false)
    let added = try plan(bare, for: .hf)
    let weight = added.plan.outputs.first {
      $0.name == "encoder.embedding_hidden_mapping_in.weight"
    }
    #expect(weight?.recipe == .identity(size: 12))
    let mapped = albert(layers: 2, groups: 1, formula: .albertOriginal, embedding: 12)
    let dropped = try plan(mapped, for: .original, identity: true)
    #expect(!dropped.plan.outputs.contains { $0.name.contains("embedding_hidden_mapping_in") })
    let error = #expect(throws: SmithError.self) {
      try plan(mapped, for: .original, identity: false)
    }
    #expect(error?.kind == .refused)
  }

  @Test func `a part changes nothing only between equal widths`() {
    #expect(Family.albert.neutralParts == ["projection"] && Family.bert.neutralParts.isEmpty)
    let equal = albert(layers: 1, groups: 1, formula: .albertOriginal, embedding: 12)
    #expect(
      Family.albert.neutral("projection", in: equal.configuration) == [
        "embeddings.projection.weight": .identity(size: 12),
        "embeddings.projection.bias": .zeros(shape: [12]),
      ])
    let other = albert(layers: 1, groups: 1, formula: .albertOriginal, embedding: 8)
    #expect(Family.albert.neutral("projection", in: other.configuration) == nil)
    #expect(Family.albert.neutral("pooler", in: equal.configuration) == nil)
  }

  @Test func `an epsilon or activation that the target's code cannot have is refused`() throws {
    var parameters = albert(layers: 2, groups: 1, formula: .albertHuggingFace)
    parameters.configuration.layerNormEpsilon = 1e-5
    #expect(
      #expect(throws: SmithError.self) { try plan(parameters, for: .original) }?.kind == .refused)
    parameters.configuration.layerNormEpsilon = 1e-12
    parameters.configuration.activation = .quickGelu
    let error = #expect(throws: SmithError.self) { try plan(parameters, for: .original) }
    #expect(error?.detail.contains("activation") == true)
  }

  /// Google's code must not compute the tanh form for a model that was trained with the exact one.
  @Test func `the exact gelu gets a word that Google's code refuses and we read back`() throws {
    var parameters = albert(layers: 2, groups: 1, formula: .albertHuggingFace)
    parameters.configuration.activation = .gelu
    let (plan, written) = try plan(parameters, for: .original)
    #expect(plan.notes.contains { $0.contains("gelu_erf") })
    let dialect = try #require(Family.albert.dialect(.original))
    let file = written.configuration.written(for: dialect, family: .albert)
    #expect(file["hidden_act"] == "gelu_erf")
    #expect(
      dialect.configuration.activations.first { $0.spelling == "gelu_erf" }?.activation == .gelu)
  }

  @Test func `quantized codes go only where matrices are not transposed`() throws {
    var parameters = albert(layers: 1, groups: 1, formula: .albertOriginal)
    parameters.schemes["blocks.0.attention.query.weight"] = "int8-channel"
    let (hugging, _) = try plan(parameters, for: .hf)
    let codes = hugging.outputs.filter { $0.name.contains("attention.query.weight") }
    #expect(codes.map(\.encoding) == [.plain(.i8), .plain(.f32)])
    #expect(hugging.metadata[StoredSchemes.key]?.contains("int8-channel") == true)
    #expect(
      #expect(throws: SmithError.self) { try plan(parameters, for: .original) }?.kind == .refused)
  }

  @Test func `unsharing copies shared blocks and forgets those that never ran`() {
    var shared = albert(layers: 4, groups: 2, formula: .albertOriginal)
    shared.configuration.schedule = [0, 0, 0, 0]
    shared.fates = [TensorFate(tensor: "x", kind: .used, detail: "blocks.1.attention.query.weight")]
    let own = Unsharing().applied(to: shared)
    #expect(own.configuration.schedule == [0, 1, 2, 3] && own.configuration[.groups] == 4)
    #expect(Set(own.recipes.filter { $0.key.hasSuffix("query.weight") }.values).count == 1)
    #expect(own.fates[0].kind == .ignored)
  }
}
