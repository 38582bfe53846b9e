import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Several parameters in one stored tensor, rows below rows: fairseq keeps query, key and value so.
@Suite struct FusedTensorTests {
  private static let fused = "bert.encoder.layer.{b}.attention.self.in_proj_weight"
  private static let parts = ["query", "key", "value"]

  /// Hugging Face's table of BERT with the three matrices in one.
  private static func dialect() throws -> Dialect {
    var dialect = try #require(Family.bert.dialect(.hf))
    for (index, part) in parts.enumerated() {
      let canonical = "blocks.{b}.attention.\(part).weight"
      dialect.rules.removeAll { $0.canonical.text == canonical }
      dialect.rules.append(Rule(canonical, fused, .part(index, of: 3)))
    }
    return dialect
  }

  private static func parameters() throws -> Parameters {
    let plain = try #require(Family.bert.dialect(.hf))
    let reader = ParameterReader(
      configurationFile: ("config", Synthetic.configuration(.bert)))
    return try reader.read(Synthetic(.bert, plain).stored).0
  }

  @Test func `three parameters are written below each other, once`() throws {
    let parameters = try Self.parameters()
    let planner = Planner(family: .bert, dialect: try Self.dialect()) { _ throws(SmithError) in
      false
    }
    let (plan, _) = try planner.plan(parameters)
    let found = plan.outputs.filter { $0.name.hasSuffix("in_proj_weight") }
    #expect(found.map(\.name) == [0, 1].map { Self.fused.replacing("{b}", with: "\($0)") })
    for (block, output) in found.enumerated() {
      #expect(output.shape == [36, 12])
      let recipes = Self.parts.compactMap {
        parameters.recipes["blocks.\(block).attention.\($0).weight"]
      }
      #expect(output.recipe == .concat(recipes))
    }
  }

  @Test func `its parts are rows of the one tensor, and together they are it again`() {
    let stored = Recipe.source(name: "in_proj_weight", dtype: .f32, shape: [36, 12])
    let parts = (0..<3).map { Rule.Step.part($0, of: 3).reading(stored) }
    #expect(parts.map(\.shape) == Array(repeating: [12, 12], count: 3))
    #expect(parts[1] == .rows(stored, from: 12, count: 12))
    #expect(Recipe.joining(parts) == stored)
    #expect(Recipe.joining(parts.reversed()) == .concat(parts.reversed()))
    #expect(Recipe.joining(Array(parts.prefix(2))) == .concat(Array(parts.prefix(2))))
  }

  @Test func `rows that do not split are left whole, so that the shape shows it`() {
    let stored = Recipe.source(name: "in_proj_weight", dtype: .f32, shape: [37, 12])
    #expect(Rule.Step.part(0, of: 3).reading(stored) == stored)
    #expect(!Rule.Step.part(0, of: 3).fits([37, 12]))
  }

  /// A dense matrix is as many times its kernel as there are groups: a small file must not ask for gigabytes.
  @Test func `a kernel in absurdly many groups is none`() {
    #expect(Rule.Step.ungroup.fits([2, 3, 16]))
    let absurd = Recipe.source(name: "kernel", dtype: .f32, shape: [1, 1, 1000])
    #expect(!Rule.Step.ungroup.fits(absurd.shape))
    #expect(Rule.Step.ungroup.reading(absurd) == absurd)
  }

  @Test func `a missing part is a refusal that names the tensor`() throws {
    var parameters = try Self.parameters()
    parameters.recipes["blocks.1.attention.key.weight"] = nil
    let planner = Planner(family: .bert, dialect: try Self.dialect()) { _ throws(SmithError) in
      false
    }
    let error = #expect(throws: SmithError.self) { try planner.plan(parameters) }
    #expect(error?.detail.contains("layer.1.attention.self.in_proj_weight") == true)
  }
}
