import SmithBytes
import SmithModels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How one activation of a candidate compares with the reference's, at the positions that are not padding.
public struct LayerParity: Hashable, Sendable {
  /// The canonical name: `layers.3.output`, `heads.mlm.logits`.
  public var name: String
  public var maxAbs: Double
  public var meanAbs: Double
  public var cosine: Double
  /// The largest difference between the reference in f32 and in f64 on the same input: what rounding alone does here.
  public var floor: Double
  /// The difference up to which this activation counts as the same.
  public var tolerance: Double
  /// The largest difference when this layer is fed the reference's input; nil where that makes no sense.
  public var alone: Double?
  /// The share of rows whose largest logit is the same; nil for what are no logits.
  public var topOne: Double?
  /// The mean share of a row's five largest logits that are among the candidate's five largest; nil where there are no more than five.
  public var topFive: Double?
  /// The mean Kullback-Leibler divergence of the candidate's distribution from the reference's, nats; nil for what are no logits.
  public var divergence: Double?

  /// A floor that is no number is no measure: the reference itself leaves the range of f32 here.
  public var isWithin: Bool { maxAbs == 0 || tolerance.isFinite && maxAbs <= tolerance }

  public var json: JSON {
    var row: JSONObject = [
      "name": .string(name), "maxAbs": .number(maxAbs.writable),
      "meanAbs": .number(meanAbs.writable),
      "cosine": .number(cosine), "floor": .number(floor.writable),
      "tolerance": .number(tolerance.writable),
    ]
    if let alone { row["alone"] = .number(alone.writable) }
    if let topOne { row["topOne"] = .number(topOne) }
    if let topFive { row["topFive"] = .number(topFive) }
    if let divergence { row["divergence"] = .number(divergence.writable) }
    return .object(row)
  }
}

extension Double {
  /// JSON has no infinity.
  var writable: Double { isFinite ? self : .greatestFiniteMagnitude }
}

/// Compares the activations of two passes on the same input.
struct LayerComparison {
  /// What both passes read: it knows which positions are padding.
  let input: ModelInput

  /// The differences at seen positions; pooled vectors and their logits have no padding.
  func difference<R: BinaryFloatingPoint & Sendable, C: BinaryFloatingPoint & Sendable>(
    _ reference: Activations<R>.Tap, _ candidate: Activations<C>.Tap
  ) -> Difference {
    var difference = Difference()
    for row in seenRows(reference.name, reference.shape) {
      let width = reference.shape.last ?? 1
      difference.add(
        reference: reference.values, candidate: candidate.values,
        positions: (row * width)..<((row + 1) * width))
    }
    return difference
  }

  /// Indices of the vectors that count.
  func seenRows(_ tap: String, _ shape: [Int]) -> [Int] {
    guard shape.count == 3 else { return Array(0..<(shape.first ?? 0)) }
    return input.mask(of: tap).joined().enumerated().compactMap {
      $0.element != 0 ? $0.offset : nil
    }
  }

  /// The mean share of the reference's `count` largest logits that are among the candidate's; nil where there are no more.
  func agreement(
    _ reference: Activations<Float>.Tap, _ candidate: Activations<Float>.Tap, ofLargest count: Int
  ) -> Double? {
    let width = reference.shape.last ?? 0
    let rows = seenRows(reference.name, reference.shape)
    guard width > count, !rows.isEmpty else { return nil }
    let shared = rows.reduce(0) { sum, row in
      let range = (row * width)..<((row + 1) * width)
      let old = Set(reference.values[range].places(ofLargest: count))
      return sum + candidate.values[range].places(ofLargest: count).count { old.contains($0) }
    }
    return Double(shared) / Double(rows.count * count)
  }

  /// Top-1 agreement and divergence of two sets of logits.
  func distribution(
    _ reference: Activations<Float>.Tap, _ candidate: Activations<Float>.Tap
  ) -> (
    topOne: Double, divergence: Double
  ) {
    let width = reference.shape.last ?? 1
    var (agreeing, divergence) = (0, 0.0)
    let rows = seenRows(reference.name, reference.shape)
    for row in rows {
      let a = Array(reference.values[(row * width)..<((row + 1) * width)])
      let b = Array(candidate.values[(row * width)..<((row + 1) * width)])
      if a.indices.max(by: { a[$0] < a[$1] }) == b.indices.max(by: { b[$0] < b[$1] }) {
        agreeing += 1
      }
      let (p, q) = (a.logSoftmax, b.logSoftmax)
      divergence += zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
    let count = Double(max(1, rows.count))
    return (Double(agreeing) / count, divergence.isFinite ? max(0, divergence / count) : .infinity)
  }
}

extension ArraySlice<Float> {
  /// Of equal ones the first; counted from the slice's own start.
  fileprivate func places(ofLargest count: Int) -> [Int] {
    var best: [Int] = []
    for index in indices {
      let place = best.firstIndex { self[$0 + startIndex] < self[index] } ?? best.count
      guard place < count else { continue }
      best.insert(index - startIndex, at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}

extension [Float] {
  /// In double precision.
  fileprivate var logSoftmax: [Double] {
    let largest = Double(self.max() ?? 0)
    let total = log(reduce(0) { $0 + exp(Double($1) - largest) })
    return map { Double($0) - largest - total }
  }
}
