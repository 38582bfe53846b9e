import Foundation
import SmithBytes
import SmithKernels
import TestSupport
import Testing

/// What numpy and scipy computed of the same matrices: `Fixtures/generate/transforms.py`.
struct TransformTruth: Decodable {
  struct Assigned: Decodable {
    var size: Int
    var costs: [Double]
    var total: Double
  }

  var assignments: [Assigned]

  static func read() throws -> TransformTruth {
    let data = try Data(
      contentsOf: URL(fileURLWithPath: Fixtures.path("transforms/truth.json")))
    return try JSONDecoder().decode(TransformTruth.self, from: data)
  }
}

@Suite struct LinearAlgebraTests {
  /// The second-difference matrix, whose eigenvalues are 2 − 2·cos(kπ/(n+1)).
  @Test(arguments: [1, 2, 3, 5, 40])
  func `eigenvalues in closed form`(size: Int) {
    var matrix = [Double](repeating: 0, count: size * size)
    for index in 0..<size {
      matrix[index * size + index] = 2
      if index + 1 < size {
        matrix[index * size + index + 1] = -1
        matrix[(index + 1) * size + index] = -1
      }
    }
    let eigen = SymmetricEigen(matrix, size: size)
    for (index, value) in eigen.values.enumerated() {
      let angle = Double(size - index) * Double.pi / Double(size + 1)
      #expect(abs(value - (2 - 2 * cos(angle))) < 1e-13)
    }
  }

  /// A·v = λ·v, rows orthonormal, largest entries positive; full matrices, of low rank, scaled up and down, and zeros.
  @Test(arguments: [1.0, 1e-150, 1e150, 0], [3, 24])
  func `vectors belong to their values`(scale: Double, rank: Int) {
    let size = 24
    var random = Noise(state: 5)
    let factor = (0..<(size * rank)).map { _ in random.next() }
    var matrix = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0..<size {
        for index in 0..<rank {
          matrix[row * size + column] +=
            scale * factor[row * rank + index] * factor[column * rank + index]
        }
      }
    }
    let eigen = SymmetricEigen(matrix, size: size)
    let largest = max(eigen.values[0], .leastNormalMagnitude)
    #expect(eigen.values == eigen.values.sorted(by: >))
    for i in 0..<size {
      let v = Array(eigen.vectors[(i * size)..<((i + 1) * size)])
      #expect(v.max { abs($0) < abs($1) } ?? 0 > 0)
      for row in 0..<size {
        let product = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * v[$1] }
        #expect(abs(product - eigen.values[i] * v[row]) <= 1e-13 * largest)
      }
      for j in 0...i {
        let dot = (0..<size).reduce(0) { $0 + v[$1] * eigen.vectors[j * size + $1] }
        #expect(abs(dot - (i == j ? 1 : 0)) < 1e-13)
      }
    }
  }

  @Test func `assignments cost what scipy's cost`() throws {
    for row in try TransformTruth.read().assignments {
      let columns = Assignment.solve(row.costs, size: row.size)
      #expect(columns.sorted() == Array(0..<row.size))
      let total = columns.enumerated().reduce(0) { $0 + row.costs[$1.0 * row.size + $1.1] }
      #expect(abs(total - row.total) <= 1e-12 * max(1, abs(row.total)))
    }
  }

  /// More rows than are taken at a time, and any number of workers: the same bits.
  @Test func `workers change no bit`() {
    var random = Noise(state: 3)
    let matrix = (0..<(2100 * 6)).map { _ in Float(random.next()) }
    let one = SingularValues(of: matrix, rows: 2100, columns: 6, workers: Workers(1))
    let many = SingularValues(of: matrix, rows: 2100, columns: 6, workers: Workers(5))
    #expect(one.values == many.values)
    #expect(one.right == many.right)
    let (left, right) = one.factors(of: matrix, rank: 2)
    #expect(many.factors(of: matrix, rank: 2) == (left, right))
    let error = one.error(of: matrix, left: left, right: right, rank: 2)
    #expect(abs(error / one.error(rank: 2) - 1) < 1e-6)
  }
}

/// Numbers between −1 and 1, the same on every run.
private struct Noise {
  var state: UInt64

  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 52) - 1
  }
}
