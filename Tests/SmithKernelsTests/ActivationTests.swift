import Foundation
import Testing

@testable import SmithKernels

@Suite struct ActivationTests {
  /// Both instances of the single-precision kernels: the CPU's best, and the one for any CPU.
  static let tables = [("best", Float.kernels), ("portable", Float.portableKernels)]

  static func apply<Scalar: KernelScalar>(
    _ activation: Activation, to x: [Scalar], bias: [Scalar]? = nil, _ table: KernelTable<Scalar>
  ) -> [Scalar] {
    var out = [Scalar](repeating: 0, count: x.count)
    table.biasActivate(x, x.count, 1, x.count, bias, activation.code, &out, x.count)
    return out
  }

  /// Every exponent and sign, dense where the curves bend.
  static let points: [Float] =
    (-16_000...16_000).map { Float($0) * 1e-3 }
    + (-140...120).flatMap {
      [
        Float(sign: .plus, exponent: $0, significand: 1.37),
        Float(sign: .minus, exponent: $0, significand: 1.37),
      ]
    }

  @Test(arguments: Activation.allCases, tables.map(\.0))
  func `single precision is within 2.5 roundings of the input`(
    activation: Activation, instance: String
  ) throws {
    let table = try #require(Self.tables.first { $0.0 == instance }).1
    let values = Self.apply(activation, to: Self.points, table)
    var worst = (error: 0.0, at: Float(0))
    for (x, y) in zip(Self.points, values) {
      let expected = Naive.activation(Double(x), activation)
      // tanh is bounded by 1, so its rounding is that of the result.
      let size = activation == .tanh ? abs(expected) : max(abs(Double(x)), abs(expected))
      let error = abs(Double(y) - expected) / max(size, Double(Float.leastNormalMagnitude))
      if !(error <= worst.error) { worst = (error, x) }
    }
    #expect(worst.error < 2.5 * 0x1p-24 * 1.0001, "worst at \(worst.at)")
  }

  @Test(arguments: Activation.allCases)
  func `double precision is within 1e-15 of the input`(activation: Activation) {
    let x = (-1600...1600).map { Double($0) * 0.01 }
    for table in [Double.kernels, Double.portableKernels] {
      let y = Self.apply(activation, to: x, table)
      for (x, y) in zip(x, y) {
        #expect(abs(y - Naive.activation(x, activation)) <= 1e-15 * max(1, abs(x)), "at \(x)")
      }
    }
  }

  @Test(arguments: Activation.allCases, tables.map(\.0))
  func `an element gives the same bits wherever it stands`(
    activation: Activation, instance: String
  ) throws {
    let table = try #require(Self.tables.first { $0.0 == instance }).1
    let x = numbers(37, seed: 3).map { $0 * 6 }
    let bias = numbers(37, seed: 4)
    let together = Self.apply(activation, to: x, bias: bias, table)
    for index in x.indices {
      let alone = Self.apply(activation, to: [x[index]], bias: [bias[index]], table)
      #expect(alone[0].bitPattern == together[index].bitPattern)
    }
  }

  @Test(arguments: Activation.allCases)
  func `a NaN stays one`(activation: Activation) {
    for (_, table) in Self.tables {
      #expect(Self.apply(activation, to: [.nan, 1], table)[0].isNaN)
    }
  }

  @Test(arguments: Activation.allCases)
  func `zero gives zero, and a large negative number its limit`(activation: Activation) {
    for (_, table) in Self.tables {
      #expect(Self.apply(activation, to: [0], table) == [0])
      let limit: Float = activation == .tanh ? -1 : activation == .linear ? -1e6 : 0
      #expect(Self.apply(activation, to: [-1e6], table) == [limit])
    }
  }

  @Test func `each activation has its own code`() {
    #expect(Set(Activation.allCases.map(\.code)).count == Activation.allCases.count)
  }

  @Test func `rows keep to their stride`() {
    let x = numbers(3 * 10, seed: 5)
    var out = [Float](repeating: 9, count: 3 * 12)
    Float.kernels.biasActivate(x, 10, 3, 7, nil, Activation.relu.code, &out, 12)
    for row in 0..<3 {
      for column in 0..<12 {
        #expect(out[row * 12 + column] == (column < 7 ? max(0, x[row * 10 + column]) : 9))
      }
    }
  }
}
