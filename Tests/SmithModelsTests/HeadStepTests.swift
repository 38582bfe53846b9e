import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Attention kernels with their heads apart, as Keras' MultiHeadAttention stores them.
@Suite struct HeadStepTests {
  /// A tensor whose values are their own places.
  private struct Counting: TensorSource {
    let container = "none"
    let files: [String] = []
    let tensors: [TensorInfo]
    let typedMetadata = ContainerMetadata()
    let metadata: [String: String] = [:]
    let notes: [String] = []

    func read(
      _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
    ) throws(SmithError) {
      for byte in 0..<span.byteCount {
        let place = offset + byte
        let bits = Float(place / 4).bitPattern
        span.storeBytes(
          of: UInt8(truncatingIfNeeded: bits >> (8 * UInt32(place % 4))), toByteOffset: byte,
          as: UInt8.self)
      }
    }

    func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {}
  }

  private func values(_ step: Rule.Step, _ shape: [Int]) throws -> (shape: [Int], values: [Float]) {
    let recipe = step.reading(.source(name: "x", dtype: .f32, shape: shape))
    let source = Counting(tensors: [try TensorInfo(name: "x", dtype: .f32, shape: shape)])
    var evaluator = RecipeEvaluator(source: source)
    return (recipe.shape, try evaluator.floats(recipe))
  }

  /// [in, heads, width]: number (i, h, w) is row h · width + w, column i.
  @Test func `outputs in heads become rows`() throws {
    let found = try values(.headOutputs, [5, 2, 3])
    #expect(found.shape == [6, 5])
    for i in 0..<5 {
      for h in 0..<2 {
        for w in 0..<3 { #expect(found.values[(h * 3 + w) * 5 + i] == Float((i * 2 + h) * 3 + w)) }
      }
    }
  }

  /// [heads, width, out]: number (h, w, o) is row o, column h · width + w.
  @Test func `inputs in heads become columns`() throws {
    let found = try values(.headInputs, [2, 3, 5])
    #expect(found.shape == [5, 6])
    for h in 0..<2 {
      for w in 0..<3 {
        for o in 0..<5 { #expect(found.values[o * 6 + h * 3 + w] == Float((h * 3 + w) * 5 + o)) }
      }
    }
  }

  @Test func `a bias is laid in one row`() throws {
    let found = try values(.headBias, [2, 3])
    #expect(found.shape == [6] && found.values == (0..<6).map(Float.init))
  }

  @Test func `other ranks are left as they are, and show no heads`() {
    for (step, shape, heads) in [
      (Rule.Step.headOutputs, [5, 2, 3], 2), (.headInputs, [2, 3, 5], 2), (.headBias, [2, 3], 2),
    ] {
      #expect(step.heads(in: shape) == heads && !step.isWritten)
      for other in [shape + [1], Array(shape.dropLast()), [], [Int.max, Int.max, 2]] {
        let stored = Recipe.source(name: "x", dtype: .f32, shape: other)
        if step == .headBias, other.count == 2 { continue }
        #expect(step.heads(in: other) == nil && step.reading(stored) == stored)
      }
    }
  }

  @Test func `kernels that disagree about the heads are an error`() throws {
    let dialect = try #require(Family.bert.dialect(.modelGarden))
    var stored = Synthetic(.bert, dialect).stored
    let name = "transformer/layer_1/self_attention/key/kernel"
    stored[name] = .source(name: name, dtype: .f32, shape: [12, 4, 3])
    let reader = ParameterReader(configurationFile: ("config", Synthetic.configuration(.bert)))
    let error = #expect(throws: SmithError.self) { try reader.read(stored) }
    #expect(error?.kind == .mismatch && error?.detail.contains("3, 4") == true)
  }
}
