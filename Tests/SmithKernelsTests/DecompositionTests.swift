import Foundation
import SmithBytes
import SmithKernels
import TestSupport
import Testing

/// Decompositions and least squares against numpy (`weighted.py`).
@Suite struct DecompositionTests {
  struct Factor: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var shape: [Int]
    var matrix: [Float]
    var rank: Int
    var best: [Double]
    var rows: [Double]?
    var gram: [Double]?
    var error: Double

    var testDescription: String { "\(name) \(shape) to \(rank)" }
  }

  struct Squares: Decodable, Sendable {
    struct Block: Decodable, Sendable {
      var weight: [Double]
      var bias: [Double]
      var gram: [Double]
    }

    var outputs: Int
    var inputs: Int
    var blocks: [Block]
    var weight: [Double]
    var bias: [Double]
  }

  private static func read<Row: Decodable>(_ name: String) -> [Row] {
    let url = URL(fileURLWithPath: Fixtures.path("transforms/\(name).json"))
    return (try? JSONDecoder().decode([Row].self, from: Data(contentsOf: url))) ?? []
  }

  static let factors: [Factor] = read("factors")
  static let squares: [Squares] = read("squares")

  private static func product(
    _ a: [Float], _ b: [Float], _ m: Int, _ rank: Int, _ n: Int
  ) -> [Double] {
    (0..<(m * n)).map { index in
      (0..<rank).reduce(0) {
        $0 + Double(a[index / n * rank + $1]) * Double(b[$1 * n + index % n])
      }
    }
  }

  @Test func `there are cases`() {
    #expect(Self.factors.count == 27 && Self.squares.count == 2)
  }

  @Test(arguments: factors, [1, 3])
  func `the best matrix in a weighted norm`(row: Factor, workers: Int) {
    let (m, n) = (row.shape[0], row.shape[1])
    let found = WeightedDecomposition(
      of: row.matrix, rows: m, columns: n, rowWeights: row.rows, gram: row.gram,
      workers: Workers(workers))
    #expect(abs(found.error(rank: row.rank) / row.error - 1) < 1e-9)
    let (left, right) = found.factors(of: row.matrix, rank: row.rank)
    let error = found.error(of: row.matrix, left: left, right: right, rank: row.rank)
    #expect(abs(error / row.error - 1) < 1e-6)
    let ours = Self.product(left, right, m, row.rank, n)
    #expect(zip(ours, row.best).allSatisfy { abs($0 - $1) < 2e-5 })
    // Both factors alike: they quantize alike.
    for index in 0..<row.rank {
      let a = (0..<m).reduce(0) { $0 + left[$1 * row.rank + index] * left[$1 * row.rank + index] }
      let b = (0..<n).reduce(0) { $0 + right[index * n + $1] * right[index * n + $1] }
      #expect(abs(a / b - 1) < 1e-4)
    }
  }

  /// A row that never comes still gets the best that the others' factor has for it; a direction that nothing reads is free.
  @Test func `weights of zero`() throws {
    let row = try #require(Self.factors.first { $0.name == "rows" && $0.shape == [24, 10] })
    var weights = try #require(row.rows)
    weights[3] = 0
    let found = WeightedDecomposition(
      of: row.matrix, rows: 24, columns: 10, rowWeights: weights, workers: .all)
    let (left, right) = found.factors(of: row.matrix, rank: 10)
    let ours = Self.product(left, right, 24, 10, 10)
    #expect(zip(ours, row.matrix).allSatisfy { abs($0 - Double($1)) < 1e-4 })
    let gram = [Double](repeating: 0, count: 100)
    let none = WeightedDecomposition(
      of: row.matrix, rows: 24, columns: 10, gram: gram, workers: .all)
    let factors = none.factors(of: row.matrix, rank: 2)
    #expect(none.energy == 0 && (factors.left + factors.right).allSatisfy(\.isFinite))
  }

  @Test(arguments: squares)
  func `least squares over several layers`(row: Squares) throws {
    let size = row.inputs + 1
    let layers = row.blocks.map { block in
      let gram = (0..<row.inputs).flatMap { i in
        block.gram[(i * size)..<(i * size + row.inputs)]
      }
      return LeastSquares.Layer(
        weight: block.weight, bias: block.bias, gram: gram,
        totals: Array(block.gram[(row.inputs * size)..<(size * size - 1)]),
        count: block.gram[size * size - 1])
    }
    let map = try #require(
      LeastSquares.merging(layers, inputs: row.inputs, outputs: row.outputs, ridge: 1e-12))
    #expect(zip(map.weight, row.weight).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(zip(map.bias, row.bias).allSatisfy { abs($0 - $1) < 1e-6 })
    // Layers that are one already stay it, whatever they read.
    let same = try #require(
      LeastSquares.merging(
        layers.map {
          LeastSquares.Layer(
            weight: layers[0].map.weight, bias: layers[0].map.bias, gram: $0.gram,
            totals: $0.totals, count: $0.count)
        }, inputs: row.inputs, outputs: row.outputs))
    #expect(
      same.weight.map { Float($0) } == row.blocks[0].weight.map { Float($0) }
        && same.bias.map { Float($0) } == row.blocks[0].bias.map { Float($0) })
  }

  /// A map that is there is found.
  @Test func `a fit finds its map`() throws {
    var random = SplitMix64(seed: 4)
    func numbers(_ count: Int) -> [Double] {
      (0..<count).map { _ in Double.random(in: -1...1, using: &random) }
    }
    let (x, weight, bias) = (numbers(50 * 3), numbers(2 * 3), numbers(2))
    var y: [Double] = []
    for row in 0..<50 {
      for output in 0..<2 {
        var sum = bias[output]
        for place in 0..<3 { sum += weight[output * 3 + place] * x[row * 3 + place] }
        y.append(sum)
      }
    }
    let map = try #require(LeastSquares.fitting(x, to: y, inputs: 3, outputs: 2))
    #expect(zip(map.weight, weight).allSatisfy { abs($0 - $1) < 1e-8 })
    #expect(zip(map.bias, bias).allSatisfy { abs($0 - $1) < 1e-8 })
    #expect(LeastSquares.fitting([.nan], to: [1], inputs: 1, outputs: 1) == nil)
  }

  /// SplitMix64's published first numbers for seed 1234567.
  @Test func `the generator is SplitMix64`() {
    var random = SplitMix64(seed: 1_234_567)
    #expect(
      (0..<3).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }

  /// A matrix with known singular values: what is random about the way does not show in the result.
  @Test(arguments: [(320, 260, 4), (400, 240, 1), (420, 420, 6)])
  func `the largest values alone`(m: Int, n: Int, rank: Int) throws {
    var random = SplitMix64(seed: 7)
    var matrix: [Float] = []
    for index in 0..<(m * n) {
      matrix.append(Float.random(in: -1...1, using: &random) * Float(pow(0.98, Double(index % n))))
    }
    let all = SingularValues(of: matrix, rows: m, columns: n, workers: .all)
    let found = try #require(
      SingularValues.largest(of: matrix, rows: m, columns: n, rank: rank, workers: Workers(1)))
    #expect(abs(found.energy / all.energy - 1) < 1e-12)
    #expect(abs(found.error(rank: rank) / all.error(rank: rank) - 1) < 1e-7)
    let (left, right) = found.factors(of: matrix, rank: rank)
    let error = found.error(of: matrix, left: left, right: right, rank: rank)
    #expect(abs(error / all.error(rank: rank) - 1) < 1e-6)
    let again = SingularValues.largest(
      of: matrix, rows: m, columns: n, rank: rank, workers: Workers(3))
    #expect(again?.values == found.values && again?.right == found.right)
  }

  /// A matrix of fewer directions than are asked for, one of zeros, and one whose values all are near to each other.
  @Test func `the largest values of what has few, or too many`() throws {
    let (m, n) = (150, 120)
    let low = (0..<(m * n)).map { Float($0 / n % 7 == 0 ? $0 % n : 0) }
    let found = try #require(
      SingularValues.largest(of: low, rows: m, columns: n, rank: 3, workers: .all))
    let all = SingularValues(of: low, rows: m, columns: n, workers: .all)
    #expect(
      abs(found.values[0] / all.values[0] - 1) < 1e-12 && found.values[1] < all.values[0] * 1e-6)
    let zeros = [Float](repeating: 0, count: m * n)
    let none = SingularValues.largest(of: zeros, rows: m, columns: n, rank: 2, workers: .all)
    #expect(none?.values == [0, 0])
    var unit = zeros
    for index in 0..<n { unit[index * n + index] = 1 + Float(index) / 1e4 }
    #expect(SingularValues.largest(of: unit, rows: m, columns: n, rank: 5, workers: .all) == nil)
  }
}
