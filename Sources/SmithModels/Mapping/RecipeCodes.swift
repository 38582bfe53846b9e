import SmithBytes
import SmithTensors

/// A step on codes that stand side by side in rows, before anything says what they mean.
public enum CodeStep: Hashable, Sendable, Codable {
  /// The same bytes as elements of another width; the last dimension follows.
  case view(DType)
  /// The codes of packed rows, a byte each.
  case unpack(bits: Int, columns: Int, order: CodePacking.Order)
  /// Codes of a byte each as a stream of bits per row, in whole words of as many bytes.
  case pack(bits: Int, wordBytes: Int)
  /// Every code, a byte, plus a number, of which as many bits are kept.
  case add(Int, bits: Int)

  /// What stands in the place of a row of `width` elements of a type.
  func result(of dtype: DType, width: Int) -> (dtype: DType, width: Int) {
    switch self {
    case .view(let type):
      return (type, type.width == 0 ? 0 : width * dtype.width / type.width)
    case .unpack(_, let columns, _): return (.u8, columns)
    case .pack(let bits, let wordBytes):
      let bytes = try? CodePacking.rowBytes(columns: width, bits: bits, wordBytes: wordBytes)
      return (.u8, bytes ?? 0)
    case .add: return (dtype, width)
    }
  }
}

extension CodeStep {
  /// The bytes of rows after the step.
  fileprivate func applied(to data: [UInt8], rows: Int) throws(SmithError) -> [UInt8] {
    switch self {
    case .view: return data
    case .unpack(let bits, let columns, let order):
      return try CodePacking.unpack(
        data, rows: rows, columns: columns, bits: bits, order: order)
    case .pack(let bits, let wordBytes):
      return try CodePacking.pack(data, rows: rows, bits: bits, wordBytes: wordBytes)
    case .add(let number, let bits):
      let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
      return data.map { UInt8(truncatingIfNeeded: Int($0) + number) & mask }
    }
  }
}

extension Recipe {
  /// Codes through a step, and the next.
  func codes(_ steps: CodeStep...) -> Recipe { steps.reduce(self) { .codes($0, $1) } }
}

extension RecipeEvaluator {
  mutating func stepped(
    _ inner: Recipe, _ step: CodeStep, rows: Range<Int>
  ) throws(SmithError) -> [UInt8] {
    let data = try bytes(inner, rows: rows)
    do throws(SmithError) { return try step.applied(to: data, rows: rows.count) } catch {
      throw error.at(item: inner.sources.first)
    }
  }

  /// Rows of numbers over one number.
  mutating func quotient(
    _ inner: Recipe, _ divisor: Recipe, rows: Range<Int>
  ) throws(SmithError) -> [Float] {
    let number = try floats(divisor)
    guard number.count == 1 else {
      throw SmithError(
        .mismatch, "\(number.count) numbers to divide by", at: Place(item: divisor.sources.first))
    }
    return try floats(inner, rows: rows).map { $0 / number[0] }
  }
}
