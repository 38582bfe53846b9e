import SmithBytes
import SmithTensors

/// What a layout stores beside codes and does not depend on them.
public enum Constant: Hashable, Sendable, Codable {
  /// The bytes of a text, with a number between its two parts where a recipe gives one.
  case text(String, String)
  /// i32: 0, 0, …, 1, 1, …, as many of `each`.
  case places(count: Int, each: Int)
  /// i64.
  case integers([Int])

  /// The characters that a number takes, filled with spaces: its size must be known before its value.
  static let numberWidth = 24

  func shape(hasNumber: Bool) -> [Int] {
    switch self {
    case .text(let before, let after):
      [before.utf8.count + after.utf8.count + (hasNumber ? Self.numberWidth : 0)]
    case .places(let count, _): [count]
    case .integers(let values): [values.count]
    }
  }

  var dtype: DType {
    switch self {
    case .text: .u8
    case .places: .i32
    case .integers: .i64
    }
  }

  func bytes(number: Float?) -> [UInt8] {
    switch self {
    case .text(let before, let after):
      let text = number.map { Double($0).description } ?? ""
      let filler = String(repeating: " ", count: max(0, Self.numberWidth - text.utf8.count))
      return Array((before + (number == nil ? "" : filler + text) + after).utf8)
    case .places(let count, let each):
      return (0..<count).flatMap { Self.littleEndian(Int32(truncatingIfNeeded: $0 / max(1, each))) }
    case .integers(let values): return values.flatMap { Self.littleEndian(Int64($0)) }
    }
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}

extension Recipe {
  static func text(_ before: String, number: Recipe?, _ after: String) -> Recipe {
    .constant(.text(before, after), number: number)
  }

  static func places(count: Int, each: Int) -> Recipe {
    .constant(.places(count: count, each: each), number: nil)
  }

  static func integers(_ values: [Int]) -> Recipe { .constant(.integers(values), number: nil) }
}

extension RecipeEvaluator {
  mutating func constant(
    _ constant: Constant, _ number: Recipe?, rows: Range<Int>
  ) throws(SmithError) -> [UInt8] {
    var value: Float?
    if let number { value = try floats(number).first ?? 0 }
    let all = constant.bytes(number: value)
    let width = constant.dtype.width
    return Array(all[(rows.lowerBound * width)..<(rows.upperBound * width)])
  }
}
