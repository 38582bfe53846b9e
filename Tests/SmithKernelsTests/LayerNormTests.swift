import SmithBytes
import Testing

@testable import SmithKernels

@Suite struct LayerNormTests {
  static let widths = [1, 2, 7, 8, 12, 31, 64, 100, 768]

  func compute(_ workers: Int) -> Compute<CKernelsBackend<Float>> {
    Compute(backend: CKernelsBackend(), workers: Workers(workers))
  }

  func expected(
    _ x: [Float], plus residual: [Float]?, _ weight: [Float], _ bias: [Float], _ epsilon: Double
  ) -> [Double] {
    let width = weight.count
    return (0..<x.count / width).flatMap { row in
      let row = (row * width..<(row + 1) * width).map { Double(x[$0]) + Double(residual?[$0] ?? 0) }
      return Naive.layerNorm(
        row, weight: weight.map(Double.init), bias: bias.map(Double.init), epsilon: epsilon)
    }
  }

  @Test(arguments: widths, [1e-12, 1e-5])
  func `norm of every row, with and without a residual`(width: Int, epsilon: Double) {
    let rows = 67
    let (x, residual) = (numbers(rows * width, seed: 1), numbers(rows * width, seed: 2))
    let (weight, bias) = (numbers(width, seed: 3), numbers(width, seed: 4))
    let norm = LayerNorm<Float>(weight: weight, bias: bias, epsilon: epsilon)
    for residual in [nil, residual] {
      let one = compute(1).layerNorm(x, plus: residual, norm)
      // Two nearly equal numbers lose digits before the norm stretches them.
      let tolerance = width < 4 ? 1e-2 : 2e-5
      #expect(
        largestDifference(one, expected(x, plus: residual, weight, bias, epsilon)) < tolerance)
      #expect(compute(2).layerNorm(x, plus: residual, norm) == one)
      #expect(compute(5).layerNorm(x, plus: residual, norm) == one)
    }
  }

  @Test(arguments: widths)
  func `the kernels for any CPU, and double precision`(width: Int) {
    let (x, weight, bias) = (
      numbers(width, seed: 1), numbers(width, seed: 3), numbers(width, seed: 4)
    )
    let wanted = expected(x, plus: nil, weight, bias, 1e-5)
    var single = x
    Float.portableKernels.layerNorm(x, nil, 1, width, weight, bias, 1e-5, &single)
    #expect(largestDifference(single, wanted) < 2e-5)
    for table in [Double.kernels, Double.portableKernels] {
      var double = x.map(Double.init)
      table.layerNorm(
        x.map(Double.init), nil, 1, width, weight.map(Double.init), bias.map(Double.init), 1e-5,
        &double)
      #expect(largestDifference(double, wanted) < 1e-11)
    }
  }

  @Test func `a large mean does not cancel the variance away`() {
    let x = numbers(256, seed: 1).map { 1000 + $0 }
    let ones = [Float](repeating: 1, count: 256)
    let zeros = [Float](repeating: 0, count: 256)
    let result = compute(1).layerNorm(x, LayerNorm(weight: ones, bias: zeros, epsilon: 1e-12))
    #expect(largestDifference(result, expected(x, plus: nil, ones, zeros, 1e-12)) < 1e-3)
  }

  @Test func `a constant row gives the bias`() {
    let norm = LayerNorm<Float>(weight: [1, 2, 3], bias: [4, 5, 6], epsilon: 1e-12)
    #expect(compute(1).layerNorm([7, 7, 7], norm) == [4, 5, 6])
  }

  // MARK: Moving rows and columns

  @Test func `sums are element by element`() {
    let (x, y) = (numbers(70 * 9, seed: 1), numbers(70 * 9, seed: 2))
    #expect(compute(1).add(x, y, columns: 9) == zip(x, y).map { $0 + $1 })
    #expect(compute(3).add(x, y, columns: 9) == zip(x, y).map { $0 + $1 })
    var portable = x
    Float.portableKernels.add(x, y, x.count, &portable)
    #expect(portable == zip(x, y).map { $0 + $1 })
  }

  @Test func `rows are looked up in a table`() {
    let table: [Float] = [0, 1, 10, 11, 20, 21]
    #expect(compute(1).rows([2, 0, 2], of: table, width: 2) == [20, 21, 0, 1, 20, 21])
    #expect(compute(1).rows([], of: table, width: 2) == [])
  }

  @Test func `columns are cut out`() {
    let x: [Float] = [0, 1, 2, 10, 11, 12]
    #expect(compute(1).columns(1..<3, of: x, width: 3) == [1, 2, 11, 12])
  }
}
