import SmithBytes
import SmithKernels
import SmithTensors

/// How fast a forward pass of BERT base is, with random weights: the Swift side of Scripts/bench/forward.py.
public enum EncoderBenchmark {
  /// BERT base (Devlin et al. 2019): 12 layers, hidden 768, 12 heads, 30522 words.
  public static let configuration = EncoderConfiguration(
    vocabularySize: 30522, embeddingSize: 768, hiddenSize: 768, headCount: 12,
    intermediateSize: 3072, positionCount: 512, tokenTypeCount: 2, schedule: Array(0..<12),
    activation: .gelu, maskValue: .lowestFinite, hasProjection: false)

  /// Times forward passes of encoder and pooler, after one that does not count.
  ///
  /// - Parameters:
  ///   - batch: Sequences.
  ///   - sequence: Tokens of each.
  ///   - workers: How many threads.
  ///   - repetitions: How many passes to time.
  ///   - backend: Who multiplies.
  /// - Returns: The seconds of each pass.
  /// - Throws: `.usage` for a sequence longer than 512.
  public static func run(
    batch: Int, sequence: Int, workers: Workers = .all, repetitions: Int,
    backend: any ComputeBackend<Float> = Backends.default
  ) throws(SmithError) -> [Double] {
    try time(backend, batch, sequence, workers, repetitions)
  }

  private static func time(
    _ backend: some ComputeBackend<Float>, _ batch: Int, _ sequence: Int, _ workers: Workers,
    _ repetitions: Int
  ) throws(SmithError) -> [Double] {
    let encoder = try Encoder(configuration, parameters: RandomParameters(), backend: backend)
    let ids = (0..<batch).map { row in
      (0..<sequence).map { (row * 7919 + $0 * 104729) % configuration.vocabularySize }
    }
    let input = EncoderInput(ids: ids)
    _ = try encoder.forward(input, workers: workers)
    var seconds: [Double] = []
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      _ = try encoder.forward(input, workers: workers)
      seconds.append((ContinuousClock.now - start) / .seconds(1))
    }
    return seconds
  }
}

/// Weights of any shape, evenly spread in ±0.04, the same in every run; layer norm scales are 1. No heads.
private struct RandomParameters: ParameterSource {
  func contains(_ name: String) -> Bool { !name.hasPrefix("heads.") }

  func shape(of name: String) -> [Int]? { nil }

  func values(_ name: String, shape: [Int]) throws(SmithError) -> [Float] {
    let count = try shape.elementCount()
    if name.hasSuffix("norm.weight") { return [Float](repeating: 1, count: count) }
    // A linear congruential generator (Knuth, MMIX), started from the name.
    var state = name.utf8.reduce(UInt64(1)) { $0 &* 31 &+ UInt64($1) }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        buffer[index] = (Float(state >> 40) / Float(1 << 24) - 0.5) * 0.08
      }
      initialized = count
    }
  }
}
