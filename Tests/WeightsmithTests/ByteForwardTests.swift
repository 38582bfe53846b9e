import Foundation
import SmithModels
import TestSupport
import Testing

@testable import Weightsmith

/// A forward pass that multiplies bytes, against transformers with its linear layers replaced (Fixtures/generate/int8_forward.py).
@Suite struct ByteForwardTests {
  private static func reference(
    _ name: String
  ) throws -> (input: VerificationInput, logits: [Float]) {
    let archive = try Checkpoint.open(Fixtures.path("quantized/int8_forward.npz"))
    var evaluator = RecipeEvaluator(source: archive.source)
    let tensors = try StoredSchemes.fold(archive.source)
    let ids = try evaluator.bytes(#require(tensors["input_ids"])).withUnsafeBytes {
      $0.bindMemory(to: Int64.self).map { Int($0) }
    }
    let width = ids.count / 2
    return (
      .tokens([Array(ids[..<width]), Array(ids[width...])]),
      try evaluator.floats(#require(tensors[name]))
    )
  }

  private static func quantized(_ name: String) throws -> (model: Model, smaller: Model) {
    let model = try Model(Checkpoint.open(Fixtures.path("trained/\(name)/hf")))
    return (model, try model.applying(.quantize(.int8PerChannel)))
  }

  private static func distance(_ x: [Float], _ y: [Float]) -> Float {
    zip(x, y).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test(arguments: ["tiny_bert", "tiny_albert"])
  func `logits are those of the library with layers of bytes`(name: String) throws {
    let (input, logits) = try Self.reference(name)
    let (_, smaller) = try Self.quantized(name)
    let own = try #require(smaller.run(on: input)["heads.mlm.logits"])
    #expect(own.values.count == logits.count)
    let error = Self.distance(own.values, logits)
    let decoded = try #require(smaller.run(on: input, products: .decoded)["heads.mlm.logits"])
    // The input is one on which no activation lies on a half.
    #expect(error < 1e-3, "\(error)")
    #expect(Self.distance(decoded.values, logits) > 0.01)
  }

  @Test func `a loss is measured as a user of the bytes has it`() throws {
    let (model, smaller) = try Self.quantized("tiny_bert")
    let report = try Verification(of: smaller, against: model).compare(on: .standard)
    #expect(report.holds && report.multipliesBytes)
    var decoding = Verification(of: smaller, against: model)
    decoding.products = .decoded
    let weights = try decoding.compare(on: .standard)
    #expect(!weights.multipliesBytes)
    let (all, part) = (report.layers.last?.maxAbs ?? 0, weights.layers.last?.maxAbs ?? 0)
    #expect(all != part && all > 0 && part > 0)
    // The same bytes again are the same model, and what they decode to is.
    let same = try Verification(of: smaller, against: smaller).compare(on: .standard)
    #expect(!same.multipliesBytes && same.layers.allSatisfy { $0.maxAbs == 0 })
    let plain = try smaller.applying(.dequantize)
    #expect(!plain.parameters.hasByteProducts && smaller.parameters.hasByteProducts)
  }

  /// Blocks are decoded whichever way products are asked for.
  @Test func `blocks are decoded`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path("trained/tiny_bert/hf")))
    let smaller = try model.applying(.quantize(.q8_0))
    #expect(!smaller.parameters.hasByteProducts)
    let (one, other) = (
      try smaller.run(on: .standard), try smaller.run(on: .standard, products: .decoded)
    )
    #expect(one.taps.map(\.values) == other.taps.map(\.values))
  }
}
