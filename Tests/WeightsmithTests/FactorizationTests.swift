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
    #expect(row[3] == .count(rank))
    #expect(abs(Self.number(row[5]) / expected - 1) < 1e-6)
    #expect(abs(Self.number(row[6]) / expected - 1) < 1e-6)
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
    #expect(row[3] == .count(try #require(expected) + 1))
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

  /// Weighted by what it reads, a matrix loses more of itself and less of what comes out.
  @Test func `activations decide what is kept`() throws {
    let model = try Self.trained()
    let rows = (0..<12).map { row in (0..<10).map { 5 + (row * 17 + $0 * 7) % 150 } }
    let glob = Glob("blocks.*.feedForward.*")
    let plain = try model.applying(.factorize(.exactly(16), only: [glob]))
    let weighted = try model.applying(
      .factorize(.exactly(16), only: [glob], weighing: .tokens(rows)))
    func last(_ candidate: Model) throws -> Double {
      let report = try TransformReport(from: model, to: candidate, on: .tokens(rows))
      return try #require(report.layers.last { $0.name.hasPrefix("layers.") }).meanAbs
    }
    #expect(try last(weighted) < last(plain) * 0.8)
    let found = try #require(weighted.parameters.findings.first?.rows)
    #expect(found.count == 8 && found.allSatisfy { $0[2] == .text("weighted") })
    for row in found { #expect(Self.number(row[5]) / Self.number(row[6]) < 1 + 1e-5) }
  }

  /// Tokens that come often are nearer to what they were, the others farther.
  @Test func `counts decide which tokens are kept`() throws {
    let model = try Self.trained()
    var counts = [Double](repeating: 1, count: model.configuration[.vocabulary])
    for token in 10..<30 { counts[token] = 10_000 }
    func errors(_ transform: Transform) throws -> (often: Double, others: Double) {
      let report = try model.applying(transform)
      var evaluator = RecipeEvaluator(source: model.source)
      let old = try evaluator.floats(try #require(model.parameters.recipes["embeddings.word"]))
      let new = try evaluator.floats(try #require(report.parameters.recipes["embeddings.word"]))
      var sums = (often: 0.0, others: 0.0)
      for index in old.indices {
        let square = Double((old[index] - new[index]) * (old[index] - new[index]))
        if (10..<30).contains(index / 64) { sums.often += square } else { sums.others += square }
      }
      return sums
    }
    let plain = try errors(.factorize(.exactly(20)))
    let weighted = try errors(.factorize(.exactly(20), tokenCounts: counts))
    #expect(weighted.often < plain.often * 0.05 && weighted.others > plain.others)
    let error = #expect(throws: SmithError.self) {
      try model.applying(.factorize(.exactly(20), tokenCounts: [1, 2]))
    }
    #expect(error?.kind == .mismatch)
  }

  @Test(
    arguments: [
      ("[1, 2.5, 0]", [1, 2.5, 0]), ("3\n 4\n\n5", [3, 4, 5]), ("[1, -2]", nil),
      ("[1, \"x\"]", nil),
      ("1\nx", nil), ("", nil), ("[0, 0]", nil), ("nan", nil), ("{}", nil), ("[1e999]", nil),
    ] as [(String, [Double]?)])
  func `counts from a file`(text: String, expected: [Double]?) throws {
    let scratch = try Scratch()
    let path = try scratch.write(Array(text.utf8), as: "counts")
    if let expected {
      #expect(try TokenCounts.read(path) == expected)
    } else {
      let error = #expect(throws: SmithError.self) { try TokenCounts.read(path) }
      #expect(error?.place.file == path)
    }
  }

  /// albert_zh's factors become one table, which is written there with an identity for a map, and computes the same.
  @Test func `factors are multiplied back`() throws {
    let scratch = try Scratch()
    let small = try Self.trained().applying(
      .share(.first), .factorize(.exactly(8)), .change(to: .albertZh))
    let whole = try small.applying(.expandEmbedding)
    #expect(whole.configuration[.embedding] == whole.configuration[.hidden])
    let written = try whole.written(
      as: Form(container: "tf", names: .original), to: "\(scratch.path)/zh")
    let report = try TransformReport(from: small, to: written)
    #expect(report.layers.count > 3)
    for layer in report.layers { #expect(layer.maxAbs < 2e-5, "\(layer.name)") }
    for path in ["models/albert/hf", "trained/tiny_bert/hf"] {
      let error = #expect(throws: SmithError.self) {
        try Model(Checkpoint.open(Fixtures.path(path))).applying(.expandEmbedding)
      }
      #expect(error?.kind == .refused)
    }
  }

  /// Fitted embeddings are near to what they stand for, the nearer the wider, and are written as a whole ALBERT.
  @Test func `embeddings are fitted`() throws {
    let scratch = try Scratch()
    let model = try Self.trained()
    var last = 0.0
    for width in [8, 24, 48] {
      let fitted = try model.applying(.fitEmbedding(width: width))
      let written = try fitted.written(
        as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/\(width)")
      #expect(written.family == "albert" && written.configuration[.embedding] == width)
      #expect(written.parameters.recipes["heads.mlm.dense.weight"] == nil)
      let rows = try #require(fitted.parameters.findings.first?.rows)
      let cosine = Self.number(rows[1][5])
      #expect(cosine > last && Self.number(rows[1][3]) >= Self.number(rows[0][3]) * 0.8)
      last = cosine
    }
    #expect(last > 0.97)
    for width in [0, 64, 100] {
      let error = #expect(throws: SmithError.self) {
        try model.applying(.fitEmbedding(width: width))
      }
      #expect(error?.kind == .usage)
    }
    let other = #expect(throws: SmithError.self) {
      try Model(Checkpoint.open(Fixtures.path("models/albert/hf")))
        .applying(.fitEmbedding(width: 2))
    }
    #expect(other?.kind == .refused)
  }
}
