import Foundation
import SmithModels
import TestSupport
import Testing
import Weightsmith

@Suite struct FactorizationTests {
  private struct Truth: Decodable {
    struct Decomposition: Decodable {
      var values: [Double]
      var errors: [String: Double]
    }

    var word: Decomposition
    var down: Decomposition

    enum CodingKeys: String, CodingKey {
      case word = "embeddings.word"
      case down = "blocks.0.feedForward.down.weight"
    }
  }

  private static func truth() throws -> Truth {
    let path = Fixtures.path("transforms/truth.json")
    return try JSONDecoder().decode(Truth.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private static func trained() throws -> Model {
    try Model(Checkpoint.open(Fixtures.path("trained/tiny_bert/hf")))
  }

  private static func number(_ cell: Finding.Cell?) -> Double {
    guard case .number(let number)? = cell else { return .nan }
    return number
  }

  /// The error that is left is the smallest there can be, as numpy's singular values give it.
  @Test(arguments: [1, 4, 16, 31], ["embeddings.word", "blocks.0.feedForward.down.weight"])
  func `the error is the optimum's`(rank: Int, name: String) throws {
    let truth = try Self.truth()
    let expected = try #require(
      (name == "embeddings.word" ? truth.word : truth.down).errors["\(rank)"])
    let model = try Self.trained().applying(.factorize(.exactly(rank), only: [Glob(name)]))
    let row = try #require(model.parameters.findings.first?.rows.first)
    #expect(row[0] == .text(name))
    #expect(row[2] == .count(rank))
    #expect(abs(Self.number(row[4]) / expected - 1) < 1e-6)
    #expect(abs(Self.number(row[5]) / expected - 1) < 1e-6)
  }

  @Test(arguments: [0.3, 0.9, 0.999, 1])
  func `energy chooses the smallest rank`(share: Double) throws {
    let values = try Self.truth().word.values
    let squares = values.map { $0 * $0 }
    let total = squares.reduce(0, +)
    let expected = squares.indices.first { index in
      squares[...index].reduce(0, +) >= share * total * (1 - 1e-12)
    }
    let model = try Self.trained().applying(.factorize(.energy(share)))
    let row = try #require(model.parameters.findings.first?.rows.first)
    #expect(row[2] == .count(try #require(expected) + 1))
  }

  /// albert_zh's layout keeps the factors; BERT's has them multiplied. Both compute the same.
  @Test func `the factors are kept where there is a place`() throws {
    let scratch = try Scratch()
    let model = try Self.trained()
    let factorized = try model.applying(.share(.first), .factorize(.exactly(8)))
    #expect(!factorized.configuration.parts.contains("wordProjection"))
    let kept = try model.applying(
      .share(.first), .factorize(.exactly(8)), .change(to: .albertZh))
    let written = try kept.written(
      as: Form(container: "tf", names: .original), to: "\(scratch.path)/zh")
    #expect(written.family == "albert_zh")
    #expect(written.configuration[.embedding] == 8)
    let report = try TransformReport(from: factorized, to: written)
    #expect(report.layers.count > 3)
    for layer in report.layers { #expect(layer.maxAbs < 2e-5, "\(layer.name)") }
    #expect(report.after.parameters < report.before.parameters)
  }

  @Test func `a full rank changes nothing but the last bits`() throws {
    let model = try Self.trained()
    let width = model.configuration[.hidden]
    let report = try TransformReport(
      from: model, to: model.applying(.factorize(.exactly(width))))
    for layer in report.layers { #expect(layer.maxAbs < 2e-5, "\(layer.name)") }
  }

  @Test(arguments: [0, 65, -1])
  func `ranks that cannot be`(rank: Int) throws {
    let model = try Self.trained()
    let error = #expect(throws: SmithError.self) {
      try model.applying(.factorize(.exactly(rank)))
    }
    #expect(error?.kind == .usage)
    #expect(error?.remedy == "1 to 64")
  }

  @Test func `a pattern that matches nothing`() throws {
    let model = try Self.trained()
    let error = #expect(throws: SmithError.self) {
      try model.applying(.factorize(.exactly(2), only: [Glob("nothing*")]))
    }
    #expect(error?.kind == .usage)
  }

  /// ELMo has no word table; ALBERT's is normed at its own width, so that no family keeps its factors.
  @Test func `what a user is told to do can be done`() throws {
    let elmo = try Model(Checkpoint.open(Fixtures.path("models/elmo")))
    let error = #expect(throws: SmithError.self) {
      try elmo.applying(.factorize(.exactly(2)))
    }
    #expect(error?.remedy?.contains("embeddings.character") == true)
    let albert = try Model(Checkpoint.open(Fixtures.path("models/albert/hf")))
    let notes = try albert.applying(.factorize(.exactly(3))).parameters.notes
    #expect(notes.contains { $0.hasSuffix("written multiplied back") })
  }
}
