import CKernels
import SmithBytes
import Testing

@testable import SmithKernels

/// Products of bytes against integers added one by one, and the codes of activations against their definition.
@Suite struct ByteProductTests {
  static let shapes = [
    (1, 1, 1), (1, 5, 3), (2, 4, 16), (3, 7, 31), (5, 9, 64), (2, 97, 33), (13, 95, 300),
    (257, 3, 17), (7, 390, 48),
  ]

  /// Codes over the whole range, and rows of nothing but the extremes.
  static func operands(_ m: Int, _ n: Int, _ k: Int) -> (a: [UInt8], b: [Int8]) {
    var a = (0..<(m * k)).map { UInt8(truncatingIfNeeded: 1 + $0 &* 2_654_435_761 >> 7 % 255) }
    var b = (0..<(n * k)).map { Int8(truncatingIfNeeded: $0 &* 40503 >> 3) }
    for place in 0..<k {
      a[place] = 255
      b[place] = place % 2 == 0 || k < 8 ? 127 : -127
    }
    return (a, b)
  }

  static func product(_ a: [UInt8], _ b: [Int8], _ m: Int, _ n: Int, _ k: Int) -> [Int32] {
    (0..<(m * n)).map { index in
      (0..<k).reduce(Int32(0)) { sum, place in
        sum + (Int32(a[index / n * k + place]) - 128) * Int32(b[index % n * k + place])
      }
    }
  }

  @Test(arguments: Backends.all.map(\.name), shapes)
  func `sums are exact on every backend`(name: String, shape: (Int, Int, Int)) throws {
    let backend = try #require(Backends.named(name))
    try check(backend, shape)
  }

  private func check(_ backend: some ComputeBackend<Float>, _ shape: (Int, Int, Int)) throws {
    let (m, n, k) = shape
    let (a, b) = Self.operands(m, n, k)
    let matrix = ByteMatrix(codes: b, scales: [Float](repeating: 1, count: n), inputs: k)
    var sums = [Int32](repeating: -1, count: m * n)
    a.withUnsafeBufferPointer { a in
      sums.withUnsafeMutableBufferPointer { c in
        guard let from = a.baseAddress, let into = c.baseAddress else { return }
        backend.multiply(
          MatrixView(from, rows: m, columns: k, stride: k), by: matrix, outputs: 0..<n,
          into: MutableMatrixView(into, rows: m, columns: n, stride: n))
      }
    }
    #expect(sums == Self.product(a, b, m, n, k))
  }

  @Test(arguments: shapes)
  func `sums are exact on every CPU`(shape: (Int, Int, Int)) {
    let (m, n, k) = shape
    let (a, b) = Self.operands(m, n, k)
    var sums = [Int32](repeating: -1, count: m * n)
    ws_gemm_u8s8_portable(a, k, m, b, k, n, k, &sums, n)
    #expect(sums == Self.product(a, b, m, n, k))
  }

  /// code = x / scale with halves to even, scale = max|x| / 127.
  static let rows: [(x: [Float], scale: Float, codes: [Int])] = [
    ([127, -127, 0.5, 1.5, 2.5, -0.5, -1.5, 63.4, 63.6], 1, [127, -127, 0, 2, 2, 0, -2, 63, 64]),
    ([0, 0, 0], 1, [0, 0, 0]),
    ([-254, 1, 3, 254, 2], 2, [-127, 0, 2, 127, 1]),
    ([0x1p-149, 0, -0x1p-149], 1, [0, 0, 0]),
    ([0x1p-120 * 127, -0x1p-120], 0x1p-120, [127, -1]),
    ([.greatestFiniteMagnitude, 0], .greatestFiniteMagnitude / 127, [127, 0]),
    ([1, .nan, 2], .nan, []), ([.infinity, 1], .nan, []), ([1, -.infinity], .nan, []),
  ]

  @Test(arguments: 0..<rows.count)
  func `activations become bytes under the largest of their row`(index: Int) {
    let row = Self.rows[index]
    let count = row.x.count
    var codes = [UInt8](repeating: 7, count: count)
    var scale: Float = 0
    for table in [Float.kernels, Float.portableKernels] {
      table.quantizeRows(row.x, count, 1, count, &codes, &scale)
      #expect(scale == row.scale || scale.isNaN && row.scale.isNaN)
      if !row.scale.isNaN { #expect(codes.map { Int($0) - 128 } == row.codes) }
    }
    var double = 0.0
    for table in [Double.kernels, Double.portableKernels] {
      table.quantizeRows(row.x.map(Double.init), count, 1, count, &codes, &double)
      #expect(double.isNaN == row.scale.isNaN)
      if !row.scale.isNaN, row.x.contains(where: { abs($0) > 0x1p-140 }) {
        #expect(codes.map { Int($0) - 128 } == row.codes)
      }
    }
  }

  /// y = s_x · s_w · Σ codes + b, the same bits for any number of workers and every backend.
  @Test(arguments: shapes)
  func `a linear layer of bytes scales once`(shape: (Int, Int, Int)) {
    let (m, n, k) = shape
    let (_, b) = Self.operands(m, n, k)
    let scales = numbers(n, seed: 5).map { abs($0) + 0.01 }
    let (x, bias) = (numbers(m * k, seed: 1), numbers(n, seed: 3))
    let matrix = ByteMatrix(codes: b, scales: scales, inputs: k)
    var expected: [Float] = []
    for row in 0..<m {
      let values = x[(row * k)..<((row + 1) * k)]
      let scale = (values.map(abs).max() ?? 0) / 127
      let codes = values.map { Int32(($0 / scale).rounded(.toNearestOrEven)) }
      for output in 0..<n {
        let sum = (0..<k).reduce(Int32(0)) { $0 + codes[$1] * Int32(b[output * k + $1]) }
        expected.append(Float(sum) * scale * scales[output] + bias[output])
      }
    }
    for backend in Backends.all {
      for count in [1, 2, 5] { check(backend, Workers(count), matrix, bias, x, expected) }
    }
  }

  private func check<Backend: ComputeBackend<Float>>(
    _ backend: Backend, _ workers: Workers, _ matrix: ByteMatrix, _ bias: [Float], _ x: [Float],
    _ expected: [Float]
  ) {
    let layer = Linear<Backend>(matrix, bias: bias)
    #expect(Compute(backend: backend, workers: workers).linear(x, layer) == expected)
  }

  @Test func `a row that is not finite stays apart`() {
    let backend = CKernelsBackend<Float>()
    let matrix = ByteMatrix(codes: [1, 2, 3, 4], scales: [0.5, 2], inputs: 2)
    let layer = Linear<CKernelsBackend<Float>>(matrix, bias: nil)
    let y = Compute(backend: backend, workers: Workers(1)).linear([1, 1, .nan, 0, 127, 0], layer)
    #expect(y[2].isNaN && y[3].isNaN)
    #expect(Array(y[4...]) == [63.5, 762])
  }
}
