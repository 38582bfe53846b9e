import SmithBytes
import SmithTensors

/// The recipes that move or change single elements: a slab of rows at a time, like the others.
extension RecipeEvaluator {
  /// Rows of a tensor with its dimensions in another order. Where the first stays the first its rows suffice; else the whole is kept.
  mutating func permuted(
    _ inner: Recipe, _ axes: [Int], rows: Range<Int>
  ) throws(SmithError) -> [UInt8] {
    let element = inner.dtype.width
    var shape = inner.shape
    guard element > 0, axes.sorted() == Array(shape.indices) else {
      throw SmithError(
        .mismatch, "dimensions \(axes) of \(inner.dtype.rawValue) \(shape)",
        at: Place(item: inner.sources.first))
    }
    if rows.isEmpty || shape.contains(0) { return [] }
    if axes[0] == 0 {
      shape[0] = rows.count
      let bytes = try bytes(inner, rows: rows)
      return Self.gather(bytes, shape, axes, rows: 0..<rows.count, element)
    }
    let data = try whole(inner)
    if rows.upperBound == shape[axes[0]] { letGo() }
    return Self.gather(data, shape, axes, rows: rows, element)
  }

  /// Elements of `bytes` (row-major in `shape`) in the order of the permuted tensor's rows.
  private static func gather(
    _ bytes: [UInt8], _ shape: [Int], _ axes: [Int], rows: Range<Int>, _ element: Int
  ) -> [UInt8] {
    var strides = [Int](repeating: element, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    var sizes = axes.map { shape[$0] }
    sizes[0] = rows.count
    let steps = axes.map { strides[$0] }
    var place = [Int](repeating: 0, count: axes.count)
    var offset = rows.lowerBound * steps[0]
    var result: [UInt8] = []
    result.reserveCapacity(sizes.reduce(element, *))
    while true {
      result += bytes[offset..<(offset + element)]
      var axis = axes.count - 1
      while axis >= 0 {
        place[axis] += 1
        offset += steps[axis]
        if place[axis] < sizes[axis] { break }
        offset -= steps[axis] * sizes[axis]
        place[axis] = 0
        axis -= 1
      }
      if axis < 0 { return result }
    }
  }

  /// Every value changed, in the element type it has: f32 in single precision, all others in double, rounded once.
  mutating func mapped(
    _ inner: Recipe, rows: Range<Int>, _ single: (Float) -> Float, _ double: (Double) -> Double
  ) throws(SmithError) -> [UInt8] {
    let data = try bytes(inner, rows: rows)
    let type = inner.dtype
    if type == .f32 {
      return try [Float](converting: data, from: type).map(single).littleEndianBytes
    }
    guard type.isFloat, type.width > 0 else {
      throw SmithError(
        .unsupported, "arithmetic on \(type.rawValue)", at: Place(item: inner.sources.first))
    }
    let wide = try Self.converted(data, from: type, to: .f64)
    let values = wide.span.bytes.doubles.map { double($0).bitPattern.littleEndian }
    return try Self.converted(values.withUnsafeBytes { Array($0) }, from: .f64, to: type)
  }

  private static func converted(
    _ data: [UInt8], from: DType, to type: DType
  ) throws(SmithError) -> [UInt8] {
    try [UInt8](count: data.count / max(1, from.width) * type.width) { span throws(SmithError) in
      try ElementConversion.convert(data.span.bytes, from: from, into: &span, to: type)
    }
  }
}

extension RawSpan {
  /// Little-endian f64 values.
  fileprivate var doubles: [Double] {
    (0..<byteCount / 8).map {
      Double(
        bitPattern: UInt64(
          littleEndian: unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)))
    }
  }
}

extension RecipeEvaluator {
  /// Rows whose values are all finite numbers.
  mutating func finite(_ inner: Recipe, rows: Range<Int>) throws(SmithError) -> [Float] {
    var values = try floats(inner, rows: rows)
    let width = rows.isEmpty ? 0 : values.count / rows.count
    for row in values.indices.striding(by: max(1, width)) {
      let indices = row..<(row + width)
      if indices.allSatisfy({ values[$0].isFinite }) { continue }
      let most = indices.reduce(Float(0)) { values[$1].isFinite ? max($0, abs(values[$1])) : $0 }
      for index in indices where !values[index].isFinite {
        values[index] = values[index].isNaN ? 0 : values[index] < 0 ? -most : most
      }
    }
    return values
  }
}

extension Range<Int> {
  fileprivate func striding(by step: Int) -> StrideTo<Int> {
    stride(from: lowerBound, to: upperBound, by: step)
  }
}
