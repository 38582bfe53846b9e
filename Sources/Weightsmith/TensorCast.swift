import SmithBytes
import SmithTensors

/// What a cast did to one output tensor beyond rounding it.
public struct TensorCast: Hashable, Sendable {
  /// The name in the output.
  public var tensor: String
  public var range: CastRange

  /// By what was lost; among equals by name, whichever thread came first.
  static func isWorse(_ left: TensorCast, _ right: TensorCast) -> Bool {
    if CastRange.isWorse(left.range, right.range) { return true }
    return !CastRange.isWorse(right.range, left.range) && left.tensor < right.tensor
  }

  /// All that overflowed in one error, the worst at its place. `casts` is sorted, worst first.
  static func refuseOverflow(_ casts: [TensorCast]) throws(SmithError) {
    let lost = casts.filter { $0.range.overflows > 0 }
    guard let worst = lost.first else { return }
    let (range, type) = (worst.range, worst.range.type.rawValue)
    let values = range.overflows == 1 ? "1 value is" : "\(range.overflows) values are"
    var detail = "\(values) too large for \(type) (up to \(Float(range.largest)))"
    if lost.count > 1 {
      let names = lost.dropFirst().prefix(3).map(\.tensor).joined(separator: ", ")
      detail += ", and values of \(lost.count - 1) more: \(names)\(lost.count > 4 ? ", …" : "")"
    }
    let other = range.type == .f16 ? "--dtype bf16, or " : ""
    throw SmithError(
      .refused, detail, at: Place(item: worst.tensor),
      remedy: "\(other)--allow-overflow to cut them to the largest \(type)")
  }

  public var json: JSON {
    [
      "tensor": .string(tensor), "type": .string(range.type.rawValue),
      "values": .integer(range.count), "largest": .number(range.largest),
      "overflows": .integer(range.overflows), "underflows": .integer(range.underflows),
      "subnormals": .integer(range.subnormals),
    ]
  }
}
