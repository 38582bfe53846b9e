import SmithBytes
import TestSupport
import Testing
import Weightsmith

/// `transform --as`: what is exact is the same function, what is not is refused with the error that was measured.
@Suite struct FamilyChangeTests {
  /// Source, target family, and the parts that it has no more, or under another name.
  struct Exact: Sendable, CustomTestStringConvertible {
    var source: String
    var family: String
    var lost: Set<String> = []
    var testDescription: String { "\(source) as \(family)" }

    func changed() throws -> (source: Model, changed: Model) {
      let model = try Model(Checkpoint.open(Fixtures.path(source)))
      let target = try #require(Families.named(family))
      return (model, try model.applying(.change(to: target)))
    }
  }

  static let exact = [
    Exact(source: "models/albert_zh/postln", family: "bert", lost: ["wordProjection", "sop"]),
    Exact(source: "models/albert_zh/postln", family: "albert", lost: ["wordProjection"]),
    Exact(source: "models/bert/google_tf", family: "albert", lost: ["nsp"]),
    Exact(source: "models/bert/google_tf_finetuned_classifier", family: "albert"),
    // The tanh gelu in its head, which transformers fixes at the exact one in ELECTRA's.
    Exact(source: "models/albert/google_tf", family: "electra", lost: ["mlm", "pooler", "sop"]),
    Exact(
      source: "models/albert/google_tf_groups", family: "electra", lost: ["mlm", "pooler", "sop"]),
    Exact(source: "models/bert/google_tf", family: "distilbert", lost: ["nsp", "pooler"]),
    Exact(source: "models/distilbert/hf", family: "bert"),
  ]

  /// The original's own graph against the new family's, on the same input: every layer that both have, within rounding.
  @Test(arguments: exact)
  func `an exact change computes the same`(change: Exact) async throws {
    let (source, changed) = try change.changed()
    #expect(changed.family == change.family)
    #expect(source.configuration.parts.subtracting(changed.configuration.parts) == change.lost)
    let input = VerificationInput.tokens([[2, 31, 5, 9, 3], [4, 8, 3]])
    let report = try await Verification(of: changed, against: source).run(on: input)
    #expect(report.refusals.isEmpty)
    #expect(report.holds, "\(report.firstDivergence ?? "")")
    #expect(report.layers.count > source.configuration.schedule.count)
  }

  /// Written in the new family's names and read again by recognition alone.
  @Test(arguments: exact)
  func `the written model is of the new family`(change: Exact) throws {
    let scratch = try Scratch()
    let (source, changed) = try change.changed()
    let written = try changed.written(
      as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/hf")
    #expect(written.family == change.family)
    #expect(written.configuration.schedule.count == source.configuration.schedule.count)
    let report = try Verification(of: written, against: source).compare(on: .standard)
    #expect(report.holds, "\(report.firstDivergence ?? report.refusals.joined())")
  }

  /// brightmart's own model, multiplied out by the sample's maker and loaded by transformers.
  @Test func `albert_zh becomes the BERT that the sample has`() throws {
    let (_, changed) = try Self.exact[0].changed()
    let sample = try Model(
      Checkpoint.open(Fixtures.path("models/albert_zh/postln_as_hf_bert")))
    let report = try Verification(of: changed, against: sample).compare(on: .standard)
    #expect(report.layers.allSatisfy { $0.isWithin } && report.refusals.isEmpty)
    #expect(report.failingTensors.map(\.name) == ["embeddings.word"])
    #expect(report.failingTensors[0].maxAbs < 1e-6)
  }

  /// Source, target, part of the reason.
  static let refused = [
    ("models/albert/google_tf", "bert", "normed at width 8 and then mapped to 12"),
    ("models/albert_zh/preln", "bert", "norms before attention"),
  ]

  @Test(arguments: refused)
  func `what is not the same is refused with the reason and the error`(
    source: String, family: String, reason: String
  ) throws {
    let model = try Model(Checkpoint.open(Fixtures.path(source)))
    let target = try #require(Families.named(family))
    let error = #expect(throws: SmithError.self) { try model.applying(.change(to: target)) }
    #expect(error?.kind == .refused)
    #expect(error?.description.contains(reason) == true)
    // Measured, and not small: the number of a graph that was really another one.
    let found = error?.detail.firstMatch(of: /would be off by ([0-9.]+)/)
    #expect(try Double(#require(found).1) ?? 0 > 0.1)
  }

  static let transforms: [Transform] = [
    .unshare, .quantize(.int8PerChannel), .change(to: .electra),
  ]

  /// Kept names are those of the source's tensors, and a copy of them would pass for the result.
  @Test(arguments: transforms.indices)
  func `the names of a transformed model cannot be kept`(index: Int) throws {
    let scratch = try Scratch()
    let model = try Model(Checkpoint.open(Fixtures.path("models/albert/google_tf")))
    let changed = try model.applying(Self.transforms[index])
    let format = try Conversion.Target.format(named: "safetensors", for: "out")
    let work = Conversion(
      .model(changed), to: .init(format: format, names: nil), at: "\(scratch.path)/out")
    let error = #expect(throws: SmithError.self) { try work.run() }
    #expect(error?.kind == .usage && error?.remedy?.contains("--names hf") == true)
    #expect(scratch.names() == [])
  }

  @Test func `a note names what was left out, put in or multiplied`() throws {
    let (_, changed) = try Self.exact[0].changed()
    #expect(changed.parameters.notes.contains { $0.contains("multiplied out") })
    #expect(changed.parameters.notes.contains { $0.contains("sop") && $0.contains("nsp") })
    let sources = try Self.exact[0].changed().source.checkpoint.tensors.map(\.name)
    #expect(Set(changed.parameters.fates.map(\.tensor)) == Set(sources))
  }
}
