import Foundation
import SmithKernels
import SmithModels
import TestSupport
import Testing

@testable import Weightsmith

/// GPTQ's codes against numpy's in f64 (Fixtures/generate/gptq.py), and what they are for: outputs that differ less.
@Suite struct GPTQTests {
  static let names = [
    "int4-g32", "int4-g64-asym", "int3-channel", "int8-channel", "int2-g32-asym",
  ]

  struct Truth {
    var tensors: StoredTensors
    var evaluator: RecipeEvaluator

    init() throws {
      let archive = try Checkpoint.open(Fixtures.path("quantized/gptq.npz"))
      tensors = try StoredSchemes.fold(archive.source)
      evaluator = RecipeEvaluator(source: archive.source)
    }

    func floats(_ name: String) throws -> [Float] {
      var evaluator = evaluator
      return try evaluator.floats(#require(tensors[name]))
    }

    func codes(_ name: String) throws -> [Int16] {
      var evaluator = evaluator
      return try evaluator.bytes(#require(tensors[name])).withUnsafeBytes {
        $0.bindMemory(to: Int16.self).map { $0 }
      }
    }

    /// The Gram matrix from vectors whose products it is: the rows of its root.
    func inputs() throws -> GramMatrix {
      let gram = try floats("gram")
      let size = Int(Double(gram.count).squareRoot())
      return GramMatrix(size: size, values: gram)
    }
  }

  @Test(arguments: names)
  func `codes are numpy's`(name: String) throws {
    let truth = try Truth()
    let scheme = try #require(AffineScheme(named: name))
    let (weights, inputs) = (try truth.floats("weights"), try truth.inputs())
    let parts = try GPTQ(scheme).components(of: weights, columns: inputs.size, inputs: inputs)
    let codes = try truth.codes("\(name).codes")
    let expected = try scheme.pack(
      codes: codes, scales: truth.floats("\(name).scales"), zeros: truth.floats("\(name).zeros"),
      columns: inputs.size)
    let shape = [weights.count / inputs.size, inputs.size]
    let (ours, theirs) = (
      try scheme.decode(parts, shape: shape), try scheme.decode(expected, shape: shape)
    )
    // A weight on the edge between two codes goes either way in f32, and those after it in its row follow.
    let equal = zip(ours, theirs).count { abs($0 - $1) <= 1e-5 * abs($1) }
    #expect(Double(equal) >= 0.97 * Double(ours.count), "\(equal) of \(ours.count)")
    let (loss, bound) = (
      inputs.outputError(of: weights, rounded: ours),
      inputs.outputError(of: weights, rounded: theirs)
    )
    #expect(abs(loss - bound) < 0.02 * bound, "\(loss), numpy \(bound)")
    let plain = try scheme.decode(scheme.encode(weights, shape: shape), shape: shape)
    #expect(loss < 0.8 * inputs.outputError(of: weights, rounded: plain))
    for count in [1, 3] {
      var work = GPTQ(scheme)
      work.workers = Workers(count)
      #expect(
        try work.components(of: weights, columns: inputs.size, inputs: inputs) == parts)
    }
  }

  /// Inputs without correlation leave nothing to make up for: plain rounding.
  @Test(arguments: ["int4-g32", "int5-channel-asym", "int8"])
  func `with the identity it is rounding`(name: String) throws {
    let scheme = try #require(AffineScheme(named: name))
    let weights = try Truth().floats("weights")
    let size = 192
    var gram = [Float](repeating: 0, count: size * size)
    for place in 0..<size { gram[place * size + place] = 3 }
    let parts = try GPTQ(scheme).components(
      of: weights, columns: size, inputs: GramMatrix(size: size, values: gram))
    var coder: any QuantizationScheme = scheme
    if var survey = scheme.survey {
      try survey.add(weights.span, columns: size, firstRow: 0)
      coder = scheme.surveyed(survey)
    }
    let shape = [weights.count / size, size]
    #expect(try parts == coder.encode(weights, shape: shape))
  }

  /// The whole model loses less than by plain rounding, what is written is what was chosen, and the questions are still answered.
  @Test(arguments: ["tiny_albert", "tiny_bert"])
  func `a model loses less`(name: String) throws {
    let model = try Model(Checkpoint.open(Fixtures.path("trained/\(name)/hf")))
    let cloze = Fixtures.path("trained/cloze.json")
    let calibration = Calibration(.tokens(try Self.questions(name)))
    let scheme = try #require(AffineScheme(named: "int3-g32"))
    let smaller = try model.applying(.gptq(scheme, on: calibration))
    let plain = try model.applying(.quantize(scheme))
    #expect(smaller.parameters.schemes == plain.parameters.schemes)
    let finding = try #require(smaller.parameters.findings.first { $0.title == "gptq" })
    #expect(finding.rows.count >= 8)
    for row in finding.rows {
      guard case .number(let rounding) = row[3], case .number(let gptq) = row[4] else {
        Issue.record("no numbers")
        continue
      }
      #expect(gptq < rounding, "\(row)")
    }
    func divergence(_ candidate: Model) throws -> Double {
      let report = try Verification(of: candidate, against: model, policy: .undemanding)
        .compare(on: calibration.input)
      return report.logits.compactMap(\.divergence).max() ?? .infinity
    }
    #expect(try divergence(smaller) < 0.7 * divergence(plain))
    let scratch = try Scratch()
    let path = "\(scratch.path)/smaller"
    try Conversion(smaller, to: "safetensors", as: .hf, at: path).run()
    let written = try Model(Checkpoint.open(path))
    var (a, b) = (
      RecipeEvaluator(source: smaller.source), RecipeEvaluator(source: written.source)
    )
    for (parameter, recipe) in written.parameters.recipes {
      let chosen = try #require(smaller.parameters.effectiveRecipe(parameter))
      #expect(try a.floats(chosen) == b.floats(recipe), "\(parameter)")
    }
    let report = try ClozeQuestions(cloze).ask(model, written)
    #expect(report.candidateRight >= 100)
  }

  static func questions(_ name: String) throws -> [[Int]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("trained/cloze.json")))
    let sets = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let rows = try #require((sets?[name] as? [String: Any])?["rows"] as? [[String: Any]])
    return rows.compactMap { $0["ids"] as? [Int] }
  }

  @Test func `refusals`() throws {
    let scheme = try #require(AffineScheme(named: "int4-g32"))
    let size = 32
    var gram = [Float](repeating: 0, count: size * size)
    gram[0] = .infinity
    let weights = [Float](repeating: 0.5, count: size)
    let error = #expect(throws: SmithError.self) {
      try GPTQ(scheme).components(
        of: weights, columns: size, inputs: GramMatrix(size: size, values: gram))
    }
    #expect(error?.kind == .refused)
    #expect(throws: SmithError.self) {
      try GPTQ(scheme).components(of: weights, columns: 16, inputs: GramMatrix(size: size))
    }
    let model = try Model(Checkpoint.open(Fixtures.path("trained/tiny_bert/hf")))
    let calibration = Calibration(.tokens([[2, 5, 3]]))
    let once = try model.applying(.gptq(scheme, on: calibration))
    #expect(throws: SmithError.self) { try once.applying(.gptq(scheme, on: calibration)) }
    let layout = #expect(throws: SmithError.self) {
      try model.applying(.quantize(.q4_0, importanceOn: calibration, layout: "mlx"))
    }
    #expect(layout?.kind == .usage)
    let far = #expect(throws: SmithError.self) {
      try model.applying(.gptq(scheme, on: Calibration(.tokens([[2, 99999, 3]]))))
    }
    #expect(far?.kind == .usage)
  }
}
