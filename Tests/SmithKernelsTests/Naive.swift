import Foundation
import SmithKernels

/// What each kernel must compute, in `Double`, one element at a time: the oracle of the tests in this folder.
enum Naive {
  /// C [m, n] = A [m, k] · B [n, k]ᵀ
  static func product(_ a: [Double], _ b: [Double], m: Int, n: Int, k: Int) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for row in 0..<m {
      for column in 0..<n {
        for p in 0..<k { c[row * n + column] += a[row * k + p] * b[column * k + p] }
      }
    }
    return c
  }

  static func activation(_ x: Double, _ activation: Activation) -> Double {
    let root = activation == .geluFast ? 0.7978845608 : (2 / Double.pi).squareRoot()
    return switch activation {
    case .linear: x
    case .gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    // 0.5·(1 + tanh(u)) = σ(2u), without the cancellation that loses digits for negative u.
    case .geluTanh, .geluFast: x * sigmoid(2 * root * (x + 0.044715 * x * x * x))
    case .quickGelu: x * sigmoid(1.702 * x)
    case .relu: max(0, x)
    case .silu: x * sigmoid(x)
    case .tanh: tanh(x)
    }
  }

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static func softmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let powers = x.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  static func layerNorm(
    _ x: [Double], weight: [Double], bias: [Double], epsilon: Double
  ) -> [Double] {
    let width = Double(x.count)
    let mean = x.reduce(0, +) / width
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / width
    return x.indices.map {
      (x[$0] - mean) / (variance + epsilon).squareRoot() * weight[$0] + bias[$0]
    }
  }

  /// Attention over q, k, v side by side [B·S, 3·A·d].
  static func attention(_ fused: [Double], mask: [Double], _ shape: AttentionShape) -> [Double] {
    let (s, d, width) = (shape.length, shape.headWidth, shape.width)
    var context = [Double](repeating: 0, count: shape.batch * s * width)
    func element(_ part: Int, _ row: Int, _ column: Int) -> Double {
      fused[row * 3 * width + part * width + column]
    }
    for b in 0..<shape.batch {
      for head in 0..<shape.heads {
        let columns = head * d..<(head + 1) * d
        for query in b * s..<(b + 1) * s {
          let scores = (b * s..<(b + 1) * s).map { key in
            columns.reduce(0) { $0 + element(0, query, $1) * element(1, key, $1) }
              / Double(d).squareRoot() + mask[key]
          }
          for (key, weight) in softmax(scores).enumerated() {
            for column in columns {
              context[query * width + column] += weight * element(2, b * s + key, column)
            }
          }
        }
      }
    }
    return context
  }
}

/// Numbers in ±1, the same for the same seed.
func numbers(_ count: Int, seed: UInt64) -> [Float] {
  var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(state >> 40) / Float(1 << 23) - 1
  }
}

/// The largest absolute difference; infinite where the counts differ or a number is NaN.
func largestDifference<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(_ a: [A], _ b: [B]) -> Double
{
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { largest, pair in
    let difference = abs(Double(pair.0) - Double(pair.1))
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
