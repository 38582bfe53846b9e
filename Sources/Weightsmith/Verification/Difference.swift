#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Running comparison of two runs of values, summed in double precision.
public struct Difference: Hashable, Sendable {
  public private(set) var maxAbs = 0.0
  public private(set) var count = 0
  /// The largest magnitude of the reference.
  public private(set) var largest = 0.0
  private var sumAbs = 0.0
  private var dot = 0.0
  private var referenceSquares = 0.0
  private var candidateSquares = 0.0
  private var errorSquares = 0.0

  public init() {}

  /// Takes in values that belong together by position. A value that is no number on one side only counts as infinitely wrong.
  mutating func add<R: BinaryFloatingPoint, C: BinaryFloatingPoint>(reference: [R], candidate: [C])
  {
    add(
      reference: reference, candidate: candidate,
      positions: 0..<min(reference.count, candidate.count))
  }

  mutating func add<R: BinaryFloatingPoint, C: BinaryFloatingPoint>(
    reference: [R], candidate: [C], positions: Range<Int>
  ) {
    for index in positions {
      let (a, b) = (Double(reference[index]), Double(candidate[index]))
      guard a.isFinite, b.isFinite else {
        if !(a.isNaN && b.isNaN), a != b { maxAbs = .infinity }
        continue
      }
      let error = (a - b).magnitude
      maxAbs = max(maxAbs, error)
      largest = max(largest, a.magnitude)
      sumAbs += error
      errorSquares += error * error
      dot += a * b
      referenceSquares += a * a
      candidateSquares += b * b
    }
    count += positions.count
  }

  /// Infinite, like `maxAbs`, where one side has a number and the other has none.
  public var meanAbs: Double {
    if maxAbs == .infinity { return .infinity }
    return count == 0 ? 0 : sumAbs / Double(count)
  }

  /// 1 for equal directions; two zero vectors are equal, and what is not finite on one side only points nowhere.
  public var cosine: Double {
    if maxAbs == .infinity { return 0 }
    let length = (referenceSquares * candidateSquares).squareRoot()
    if length == 0 { return referenceSquares == candidateSquares ? 1 : 0 }
    return min(1, dot / length)
  }

  /// The squares of the errors over the squares of the reference.
  var relativeSquare: Double {
    if maxAbs == .infinity { return .infinity }
    return errorSquares == 0 ? 0 : errorSquares / referenceSquares
  }

  /// 10·log₁₀(signal / noise), dB.
  public var signalToNoise: Double {
    if maxAbs == .infinity { return 0 }
    return errorSquares == 0 ? .infinity : 10 * log10(referenceSquares / errorSquares)
  }
}
