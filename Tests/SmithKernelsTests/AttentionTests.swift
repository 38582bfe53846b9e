import SmithBytes
import Testing

@testable import SmithKernels

@Suite struct AttentionTests {
  static let shapes = [
    AttentionShape(batch: 1, length: 1, heads: 1, headWidth: 1),
    AttentionShape(batch: 2, length: 7, heads: 3, headWidth: 4),
    AttentionShape(batch: 3, length: 33, heads: 2, headWidth: 17),
    // More queries than are scored at a time.
    AttentionShape(batch: 1, length: 130, heads: 2, headWidth: 8),
  ]

  func inputs(_ shape: AttentionShape) -> (fused: [Float], mask: [Float]) {
    let tokens = shape.batch * shape.length
    let mask = (0..<tokens).map { $0 % 5 == 4 ? Float(-10000) : 0 }
    return (numbers(tokens * 3 * shape.width, seed: 7).map { $0 * 3 }, mask)
  }

  func check<Backend: ComputeBackend>(_ backend: Backend, _ shape: AttentionShape, _ limit: Double)
  {
    let (fused, mask) = inputs(shape)
    let expected = Naive.attention(fused.map(Double.init), mask: mask.map(Double.init), shape)
    func run(_ workers: Int) -> [Backend.Scalar] {
      Compute(backend: backend, workers: Workers(workers)).attention(
        fused.map { Backend.Scalar($0) }, mask: mask.map { Backend.Scalar($0) }, shape)
    }
    let one = run(1)
    #expect(largestDifference(one, expected) < limit)
    for workers in [2, 3, 9] { #expect(run(workers) == one, "\(workers) workers") }
  }

  @Test(arguments: Backends.all.map(\.name), shapes)
  func `softmax(q·kᵀ / √d + mask)·v`(name: String, shape: AttentionShape) throws {
    let backend = try #require(Backends.named(name))
    check(backend, shape, 1e-5)
  }

  @Test(arguments: shapes)
  func `in double precision`(shape: AttentionShape) {
    check(Backends.reference, shape, 1e-13)
  }

  // MARK: Softmax

  func softmax(
    _ x: [Float], scale: Float = 1, bias: [Float]? = nil, _ table: KernelTable<Float>
  )
    -> [Float]
  {
    var out = x
    table.softmax(&out, x.count, 1, x.count, scale, bias)
    return out
  }

  @Test(arguments: [1, 3, 4, 8, 9, 31, 128, 515])
  func `softmax of a scaled and masked row`(count: Int) {
    for (_, table) in ActivationTests.tables {
      let (x, bias) = (numbers(count, seed: 1).map { $0 * 20 }, numbers(count, seed: 2))
      let expected = Naive.softmax(zip(x, bias).map { Double($0) * 0.25 + Double($1) })
      let result = softmax(x, scale: 0.25, bias: bias, table)
      #expect(largestDifference(result, expected) < 1e-6)
      #expect(abs(result.reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test func `large scores neither overflow nor vanish`() {
    for (_, table) in ActivationTests.tables {
      #expect(softmax([1e30, 1e30, -1e30], table) == [0.5, 0.5, 0])
      let lowest = [Float](repeating: -Float.greatestFiniteMagnitude, count: 4)
      #expect(softmax([1, 2, 3, 4], bias: lowest, table) == [0.25, 0.25, 0.25, 0.25])
      #expect(softmax([0, -.infinity], table) == [1, 0])
    }
  }

  @Test func `a NaN spoils its row, and only that`() {
    for (_, table) in ActivationTests.tables {
      var rows: [Float] = [1, .nan, 2, 1, 1, 1]
      table.softmax(&rows, 3, 2, 3, 1, nil)
      #expect(rows[..<3].allSatisfy { $0.isNaN })
      #expect(largestDifference(Array(rows[3...]), [1.0 / 3, 1.0 / 3, 1.0 / 3]) < 1e-7)
    }
  }
}
