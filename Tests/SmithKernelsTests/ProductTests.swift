import SmithBytes
import Testing

@testable import SmithKernels

@Suite struct ProductTests {
  /// Odd sizes around every edge: of a register tile (6 × 16), of a panel, of a slice of depth (256), of a tile
  /// (192 × 96, 96 × 384), of where rows are copied (192 columns).
  static let shapes = [
    (1, 1, 1), (1, 17, 3), (2, 16, 8), (5, 15, 7), (6, 16, 256), (7, 33, 257), (13, 95, 31),
    (191, 97, 6), (193, 31, 12), (200, 200, 5), (97, 201, 258), (195, 390, 7), (3, 200, 400),
  ]

  /// Rounding of a sum of k products of numbers in ±1, with room to spare.
  func tolerance(_ k: Int, _ rounding: Double) -> Double { 2 * rounding * Double(k + 4) }

  func check<Backend: ComputeBackend>(
    _ backend: Backend, _ shape: (m: Int, n: Int, k: Int), rounding: Double
  ) {
    let (m, n, k) = shape
    let (x, weights, bias) = (
      numbers(m * k, seed: 1), numbers(n * k, seed: 2), numbers(n, seed: 3)
    )
    let layer = Linear(
      weights.map { Backend.Scalar($0) }, bias: bias.map { Backend.Scalar($0) }, inputs: k,
      outputs: n, backend: backend)
    let expected = Naive.product(x.map(Double.init), weights.map(Double.init), m: m, n: n, k: k)
      .enumerated().map { $1 + Double(bias[$0 % n]) }
    let input = x.map { Backend.Scalar($0) }
    let one = Compute(backend: backend, workers: Workers(1)).linear(input, layer)
    #expect(largestDifference(one, expected) < tolerance(k, rounding), "\(shape)")
    for count in [2, 5] {
      let many = Compute(backend: backend, workers: Workers(count)).linear(input, layer)
      #expect(one == many, "\(count) workers, \(shape)")
    }
  }

  @Test(arguments: Backends.all.map(\.name), shapes)
  func `x·Wᵀ + b, the same bits for any number of workers`(
    name: String, shape: (Int, Int, Int)
  ) throws {
    let backend = try #require(Backends.named(name))
    check(backend, shape, rounding: 0x1p-24)
  }

  @Test(arguments: shapes)
  func `x·Wᵀ + b in double precision`(shape: (Int, Int, Int)) {
    check(Backends.reference, shape, rounding: 0x1p-53)
  }

  @Test(arguments: Activation.allCases)
  func `the activation is that of the sum`(activation: Activation) {
    let (m, n, k) = (5, 21, 9)
    let backend = CKernelsBackend<Float>()
    let compute = Compute(backend: backend, workers: Workers(1))
    let layer = Linear(
      numbers(n * k, seed: 1), bias: nil, inputs: k, outputs: n, backend: backend)
    let x = numbers(m * k, seed: 2)
    let apart = compute.activate(compute.linear(x, layer), columns: n, activation)
    #expect(compute.linear(x, layer, activation) == apart)
  }

  @Test(arguments: Backends.all.map(\.name), [false, true])
  func `both products of attention, out of wider matrices`(name: String, transposed: Bool) throws {
    func run<Backend: ComputeBackend<Float>>(_ backend: Backend) {
      let (m, n, k, stride) = (9, 19, 23, 64)
      let a = numbers(m * stride, seed: 1)
      let b = numbers(max(n, k) * stride, seed: 2)
      var c = [Float](repeating: 0, count: m * n)
      a.withView(columns: stride) { a in
        b.withView(columns: stride) { b in
          c.withUnsafeMutableBufferPointer { c in
            guard let base = c.baseAddress else { return }
            backend.multiply(
              a.slice(rows: 0..<m, columns: 5..<5 + k),
              by: transposed
                ? b.slice(rows: 0..<n, columns: 3..<3 + k)
                : b.slice(rows: 0..<k, columns: 3..<3 + n),
              transposed: transposed,
              into: MutableMatrixView(base, rows: m, columns: n, stride: n))
          }
        }
      }
      let left = (0..<m * k).map { Double(a[$0 / k * stride + 5 + $0 % k]) }
      let right = (0..<n * k).map { index in
        let (column, p) = (index / k, index % k)
        return Double(transposed ? b[column * stride + 3 + p] : b[p * stride + 3 + column])
      }
      let expected = Naive.product(left, right, m: m, n: n, k: k)
      #expect(largestDifference(c, expected) < tolerance(k, 0x1p-24))
    }
    let backend = try #require(Backends.named(name))
    run(backend)
  }

  @Test(arguments: shapes)
  func `the kernels for any CPU`(shape: (m: Int, n: Int, k: Int)) {
    let (m, n, k) = shape
    let table = Float.portableKernels
    let (a, b) = (numbers(m * k, seed: 1), numbers(n * k, seed: 2))
    var panels = [Float](
      repeating: .nan, count: parts(of: n, size: table.panelWidth) * table.panelWidth * k)
    table.pack(b, n, k, k, 1, &panels)
    var c = [Float](repeating: .nan, count: m * n)
    table.gemm(a, k, m, panels, n, k, &c, n)
    let expected = Naive.product(a.map(Double.init), b.map(Double.init), m: m, n: n, k: k)
    #expect(largestDifference(c, expected) < tolerance(k, 0x1p-24))
  }

  @Test func `a product of depth 0 is 0`() {
    var c = [Float](repeating: 9, count: 6)
    let empty: [Float] = []
    Float.kernels.gemm(empty, 0, 2, empty, 3, 0, &c, 3)
    #expect(c == [0, 0, 0, 0, 0, 0])
  }

  @Test func `panels hold the columns side by side and zeros after the last`() {
    let table = Float.kernels
    let (n, k) = (table.panelWidth + 1, 3)
    let b = (0..<n * k).map { Float($0 + 1) }
    var panels = [Float](repeating: .nan, count: 2 * table.panelWidth * k)
    table.pack(b, n, k, k, 1, &panels)
    for (index, value) in panels.enumerated() {
      let (panel, rest) = index.quotientAndRemainder(dividingBy: table.panelWidth * k)
      let (p, i) = rest.quotientAndRemainder(dividingBy: table.panelWidth)
      let row = panel * table.panelWidth + i
      #expect(value == (row < n ? b[row * k + p] : 0))
    }
  }
}
