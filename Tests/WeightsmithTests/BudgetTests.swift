import Foundation
import TestSupport
import Testing

@testable import Weightsmith

/// A budget's result, measured by the verification that a user would run on it.
@Suite struct BudgetTests {
  private static func model(_ name: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path("trained/\(name)/hf")))
  }

  private static let rows: VerificationInput = .tokens([
    [2, 4, 11, 9, 13, 16, 93, 6, 3], [2, 26, 7, 27, 8, 40, 6, 3], [2, 51, 12, 30, 3],
  ])

  private static func bytes(_ model: Model) throws -> Int {
    try model.parameters.recipes.reduce(0) { sum, entry in
      guard let scheme = model.parameters.schemes[entry.key] else {
        return sum + entry.value.byteCount
      }
      let parts = try #require(Schemes.named(scheme)).components(shape: entry.value.shape)
      return sum + parts.reduce(0) { $0 + $1.shape.reduce(1, *) * $1.dtype.bits / 8 }
    }
  }

  private static func holds(_ policy: String, _ smaller: Model, _ model: Model) throws -> Bool {
    try Verification(of: smaller, against: model, policy: Policy(parsing: policy))
      .compare(on: rows).holds
  }

  private static func choices(_ names: String...) -> [EncodingChoice] {
    names.compactMap { Schemes.named($0) }.map { .scheme($0) }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var demands: String
    var testDescription: String { "\(name) \(demands)" }
  }

  @Test(arguments: [
    Case(name: "tiny_albert", demands: "kl<=0.01,top1>=0.95"),
    Case(name: "tiny_bert", demands: "cosine>=0.99"),
    Case(name: "tiny_bert", demands: "max-abs<=0.5"),
  ])
  func `the result holds, and no uniform encoding that holds is smaller`(_ it: Case) throws {
    let model = try Self.model(it.name)
    let choices = Self.choices("int8-channel", "q8_0", "q5_1", "q4_0")
    let smaller = try model.applying(
      .budget(Budget(parsing: it.demands), from: choices, on: Self.rows))
    #expect(try Self.holds(it.demands, smaller, model))
    let size = try Self.bytes(smaller)
    #expect(try size < Self.bytes(model) / 2)
    for case .scheme(let scheme) in choices {
      let uniform = try model.applying(.quantize(scheme))
      if try Self.holds(it.demands, uniform, model) { #expect(try size <= Self.bytes(uniform)) }
    }
    #expect(smaller.parameters.notes.contains { $0.contains("\(size) bytes") })
  }

  /// A stricter budget takes no fewer bytes, and a size alone is kept to.
  @Test func `sizes follow demands`() throws {
    let model = try Self.model("tiny_bert")
    let choices = Self.choices("q8_0", "q4_0")
    func size(_ demands: String) throws -> Int {
      try Self.bytes(
        model.applying(.budget(Budget(parsing: demands), from: choices, on: Self.rows)))
    }
    let (wide, narrow) = (try size("kl<=0.5"), try size("kl<=0.0001"))
    #expect(wide < narrow)
    let middle = (wide + narrow) / 2
    let kept = try size("size<=\(middle)")
    #expect(kept <= middle && kept >= wide)
    let error = #expect(throws: SmithError.self) { try size("kl<=0.0001,size<=\(wide)") }
    #expect(error?.kind == .unmet && error?.exitCode == 1)
    #expect(error?.detail.contains("\(narrow) bytes") == true)
    #expect(throws: SmithError.self) { try size("cosine>=1.5") }
  }

  /// The steps of the path are the lower convex hull: every prefix is the least loss for its bytes under some price.
  @Test func `a path takes the cheapest step first`() throws {
    let model = try Self.model("tiny_albert")
    let trial = try Trial(
      model.parameters, model.source, on: Self.rows.input(for: model.configuration), .all)
    let names = ["embeddings.word", "blocks.0.attention.query.weight", "pooler.weight"]
    let found = try Sensitivity(trial, names, Self.choices("q8_0", "q5_0", "q4_0")) { _ in }
    #expect(found.rows.map(\.runs) == [1, 4, 1])
    let path = found.path
    #expect(!path.isEmpty && zip(path, path.dropFirst()).allSatisfy { $0.price <= $1.price })
    var chosen = found.rows.map { $0.options[0] }
    for step in path {
      #expect(step.option.bytes < chosen[step.row].bytes)
      chosen[step.row] = step.option
      // Every other choice costs more at this step's price.
      let price = max(0, step.price)
      func cost(_ options: [EncodingOption]) -> Double {
        options.reduce(0) { $0 + $1.loss + price * Double($1.bytes) }
      }
      for a in found.rows[0].options {
        for b in found.rows[1].options {
          for c in found.rows[2].options { #expect(cost([a, b, c]) >= cost(chosen) * (1 - 1e-9)) }
        }
      }
    }
  }

  /// What one matrix alone loses is what the model with that matrix alone quantized shows.
  @Test func `a sensitivity is that of the whole model`() throws {
    let model = try Self.model("tiny_albert")
    let input = try Self.rows.input(for: model.configuration)
    let trial = try Trial(model.parameters, model.source, on: input, .all)
    let name = "blocks.0.feedForward.up.weight"
    let found = try Sensitivity(trial, [name], Self.choices("q4_0")) { _ in }
    let others = model.parameters.recipes.keys.filter { $0 != name }.map(Glob.init)
    let alone = try model.applying(.quantize(.q4_0, keeping: others))
    #expect(alone.parameters.schemes.count == 1)
    let (old, new) = (try model.run(on: .input(input)), try alone.run(on: .input(input)))
    var loss = 0.0
    for tap in old.taps where tap.name.hasSuffix("logits") {
      let (a, b) = (tap, try #require(new[tap.name]))
      let seen = input.mask(of: tap.name).joined().map { $0 != 0 }
      let width = try #require(tap.shape.last)
      var (error, square) = (0.0, 0.0)
      for index in a.values.indices where tap.shape.count < 3 || seen[index / width] {
        error += pow(Double(a.values[index]) - Double(b.values[index]), 2)
        square += pow(Double(a.values[index]), 2)
      }
      loss += error / square
    }
    #expect(abs(found.rows[0].options[1].loss - loss) < 1e-9 * loss)
  }

  /// A name that is none would be passed over in silence.
  @Test func `the usual encodings are all there`() {
    #expect(EncodingChoice.usual.count == 11)
    #expect(EncodingChoice.usual(in: ["q8_0", "q4_k"]).map(\.name) == ["f16", "q8_0", "q4_k"])
  }

  @Test func `more sequences than are measured are told`() throws {
    let model = try Self.model("tiny_bert")
    let rows = [[Int]](repeating: [2, 5, 9, 3], count: 70)
    let smaller = try model.applying(
      .budget(Budget(parsing: "kl<=1"), from: Self.choices("q8_0"), on: .tokens(rows)))
    #expect(smaller.parameters.notes.contains("measured on the first 64 of 70 sequences"))
  }

  @Test func `refusals`() throws {
    let headless = try Model(Checkpoint.open(Fixtures.path("heads/distilbert_body")))
    let error = #expect(throws: SmithError.self) {
      try headless.applying(.budget(Budget(parsing: "kl<=0.1"), from: Self.choices("q8_0")))
    }
    #expect(error?.kind == .refused)
    for text in ["", "kl", "kl>=0.1", "kl<=x", "size<=-3", "size<=many", "bits<=4", "top1=1"] {
      let error = #expect(throws: SmithError.self, "\(text)") { try Budget(parsing: text) }
      #expect(error?.kind == .usage)
    }
    let budget = try Budget(parsing: "kl<=0.01, top1>=0.9,cosine>=0.8,max-abs<=2,size<=1.5MB")
    #expect(budget.mostBytes == 1_500_000)
    #expect(
      "\(budget)" == "cosine>=0.8,top1>=0.9,kl<=0.01,max-abs<=2.0,size<=1500000")
  }
}
