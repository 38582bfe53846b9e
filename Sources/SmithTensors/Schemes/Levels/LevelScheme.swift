import SmithBytes

/// Codes that name levels (nf4, fp4) or are small floats (fp8), with a scale per tensor, row or group; one type for all of them.
///
/// A weight is scale · level. The components are the codes under the tensor's own name, `_scale`, and for levels of bitsandbytes
/// `_levels` (f32 [16], shared). With double quantization (formats §11.1) the scales are bytes: `_scale_levels` f32 [256],
/// `_scale_scale` f32, one per 256 scales in the order of the rows, and `_scale_offset` f32 [1], all shared.
public struct LevelScheme: QuantizationScheme, Hashable {
  public let levels: Levels
  public let granularity: AffineScheme.Granularity
  /// Whether scales are quantized in turn.
  public let isNested: Bool
  /// The scales of the one matrix that was surveyed.
  var nested: NestedScales?

  static let nestedBlock = 256

  /// Nil for groups of no size, or odd ones, and scales of which there is one or one per row quantized in turn.
  public init?(levels: Levels, granularity: AffineScheme.Granularity, isNested: Bool = false) {
    if case .group(let size) = granularity {
      guard size > 0, size % 2 == 0, size <= 1 << 20 else { return nil }
    } else if isNested || levels.bits == 4 {
      return nil
    }
    self.levels = levels
    self.granularity = granularity
    self.isNested = isNested
  }

  /// Whole rows where there is one scale for each, as for int8.
  public var substitute: (any QuantizationScheme)? {
    if case .group = granularity { return AffineScheme.int8PerChannel }
    return nil
  }

  func groupLength(columns: Int) -> Int {
    if case .group(let size) = granularity { size } else { columns }
  }

  /// `.unsupported` for rows that are no whole number of groups.
  public func components(shape: [Int]) throws(SmithError) -> [SchemeComponent] {
    let (count, columns) = try matrix(shape)
    let rows = Array(shape.dropLast())
    var groups = 1
    if case .group(let size) = granularity {
      guard columns % size == 0 else {
        throw SmithError(
          .unsupported, "\(name) needs rows of a multiple of \(size), not \(columns)")
      }
      groups = columns / size
    }
    let isShared = granularity == .tensor
    let width = levels.bits == 4 ? columns / 2 : columns
    var parts = [
      SchemeComponent(suffix: "", dtype: levels.dtype, shape: rows + [width]),
      SchemeComponent(
        suffix: "_scale", dtype: isNested ? .u8 : .f32, shape: isShared ? [1] : rows + [groups],
        isShared: isShared),
    ]
    if levels.isStored { parts.append(.shared("_levels", [levels.values.count])) }
    if isNested {
      let scales = try count.multiplied(checked: groups)
      parts += [
        .shared("_scale_levels", [256]),
        .shared(
          "_scale_scale", [scales / Self.nestedBlock + (scales % Self.nestedBlock == 0 ? 0 : 1)]),
        .shared("_scale_offset", [1]),
      ]
    }
    return parts
  }

  public var survey: MatrixSurvey? {
    if granularity == .tensor { return MatrixSurvey() }
    if isNested, case .group(let size) = granularity { return MatrixSurvey(block: size) }
    return nil
  }

  public func surveyed(_ survey: MatrixSurvey) -> any QuantizationScheme {
    var copy = self
    if granularity == .tensor {
      let most = max(-survey.range.lowerBound, survey.range.upperBound) / levels.most
      copy.nested = NestedScales(one: most > 0 ? most : levels.emptyScale)
    } else if isNested {
      copy.nested = NestedScales(survey.peaks)
    }
    return copy
  }
}

extension SchemeComponent {
  fileprivate static func shared(_ suffix: String, _ shape: [Int]) -> SchemeComponent {
    SchemeComponent(suffix: suffix, dtype: .f32, shape: shape, isShared: true)
  }
}

/// Scales as bytes with scales of their own (double quantization of QLoRA, as bitsandbytes computes it): less their mean, in blocks of 256,
/// each to the nearest level of a fixed map times the block's largest magnitude.
struct NestedScales: Hashable, Sendable {
  /// The scales as they come out again, in the order of the rows.
  var scales: [Float] = []
  var codes: [UInt8] = []
  var blockScales: [Float] = []
  var offset: Float = 0

  /// The one scale of a whole tensor.
  init(one scale: Float) { scales = [scale] }

  init(_ peaks: [Float]) {
    offset = peaks.isEmpty ? 0 : Float(peaks.reduce(0.0) { $0 + Double($1) } / Double(peaks.count))
    for first in stride(from: 0, to: peaks.count, by: LevelScheme.nestedBlock) {
      let block = peaks[first..<min(first + LevelScheme.nestedBlock, peaks.count)].map {
        $0 - offset
      }
      let most = block.reduce(0) { max($0, abs($1)) }
      blockScales.append(most)
      for value in block {
        let code = Levels.dynamic.nearest(to: most > 0 ? value / most : 0)
        codes.append(UInt8(code))
        scales.append(Levels.dynamic[code] * most + offset)
      }
    }
  }
}

extension [Float] {
  /// The first of the places with the value nearest to one; these are sorted.
  fileprivate func nearest(to value: Float) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < value { low = middle + 1 } else { high = middle }
    }
    if low == count { return count - 1 }
    return low > 0 && abs(value - self[low - 1]) <= abs(value - self[low]) ? low - 1 : low
  }
}
