import SmithBytes
import SmithKernels

/// What a linear layer read, over all tokens and all depths at which it runs.
public struct LayerStatistics: Sendable {
  /// The width of the vectors.
  public let width: Int
  /// How many vectors.
  public private(set) var count = 0
  /// Per place of the vector: the sums of |x| and of x², and the largest |x|.
  public private(set) var sums: [Double]
  public private(set) var squares: [Double]
  /// Per place Σ x, signs and all.
  public private(set) var totals: [Double]
  public private(set) var largest: [Float]
  /// Σ x·xᵀ [width, width], where it was asked for.
  public private(set) var gram: GramMatrix?

  init(width: Int, gram: Bool) {
    self.width = width
    sums = [Double](repeating: 0, count: width)
    squares = sums
    totals = sums
    largest = [Float](repeating: 0, count: width)
    self.gram = gram ? GramMatrix(size: width) : nil
  }

  /// The mean of x² at each place: what importance weights are.
  public var meanSquares: [Float] { squares.map { Float($0 / Double(max(1, count))) } }

  /// The mean of |x| at each place.
  public var meanMagnitudes: [Float] { sums.map { Float($0 / Double(max(1, count))) } }

  /// Adds x [M, width].
  mutating func add(_ x: [Float], workers: Workers) {
    gram?.add(x, workers: workers)
    count += x.count / max(1, width)
    x.withUnsafeBufferPointer { x in
      for start in stride(from: 0, to: x.count, by: max(1, width)) {
        for place in 0..<width {
          let value = x[start + place]
          sums[place] += Double(value.magnitude)
          totals[place] += Double(value)
          squares[place] += Double(value) * Double(value)
          largest[place] = max(largest[place], value.magnitude)
        }
      }
    }
  }
}
