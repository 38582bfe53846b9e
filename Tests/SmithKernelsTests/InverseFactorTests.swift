import SmithBytes
import Testing

@testable import SmithKernels

/// U is unique: upper triangular, positive on the diagonal, and UᵀU·H is the identity.
@Suite struct InverseFactorTests {
  private static func definite(_ size: Int, shift: Double) -> [Double] {
    let x = numbers(size * (size + 3), seed: 9).map(Double.init)
    var h = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in 0..<size {
        for k in 0..<(size + 3) { h[i * size + j] += x[i * (size + 3) + k] * x[j * (size + 3) + k] }
      }
      h[i * size + i] += shift
    }
    return h
  }

  @Test(arguments: [1, 2, 7, 63, 64, 65, 130, 200])
  func `the factor of the inverse`(size: Int) throws {
    let h = Self.definite(size, shift: 1)
    let u = try #require(InverseFactor(h, size: size, workers: Workers(1))).values
    for i in 0..<size {
      #expect(u[i * size + i] > 0)
      for j in 0..<i { #expect(u[i * size + j] == 0) }
    }
    let uh = Naive.product(u, h, m: size, n: size, k: size)  // U·Hᵀ = U·H
    for i in 0..<size {
      for j in 0..<size {
        let sum = (0..<size).reduce(0.0) { $0 + u[$1 * size + i] * uh[$1 * size + j] }
        #expect(abs(sum - (i == j ? 1 : 0)) < 1e-9)
      }
    }
    for count in [2, 5] {
      #expect(InverseFactor(h, size: size, workers: Workers(count))?.values == u)
    }
  }

  @Test func `in closed form`() throws {
    // H = [4 2; 2 2] has the inverse [0.5 -0.5; -0.5 1], whose factor is [√½ -√½; 0 √½].
    let u = try #require(InverseFactor([4, 2, 2, 2], size: 2)).values
    let root = 0.5.squareRoot()
    for (value, expected) in zip(u, [root, -root, 0, root]) {
      #expect(abs(value - expected) < 1e-15)
    }
  }

  @Test func `what is not positive definite has none`() {
    #expect(InverseFactor([1, 2, 2, 1], size: 2) == nil)
    #expect(InverseFactor([0], size: 1) == nil)
    #expect(InverseFactor([.nan], size: 1) == nil)
    #expect(InverseFactor([.infinity], size: 1) == nil)
    var h = Self.definite(70, shift: 1)
    h[3 * 70 + 3] = -1
    #expect(InverseFactor(h, size: 70) == nil)
    #expect(InverseFactor([], size: 0)?.values == [])
  }
}
