import SmithBytes

/// Integer codes with a scale, and perhaps a zero, for a group of weights (models §15): one type with parameters for all of them.
///
/// A weight is scale · (code - zero). The components are the codes under the tensor's own name, `_scale` and, where codes have a zero
/// or an offset, `_zero` or `_bias`. Codes of 8 bits are bytes, signed where they are symmetric (compressed-tensors' "int-quantized");
/// fewer bits are one stream per row, the first code in the lowest bits of the first byte, symmetric codes above 2^(bits - 1):
/// the stream of MLX, GPTQ and compressed-tensors.
public struct AffineScheme: QuantizationScheme, Hashable {
  /// The weights that have a scale in common.
  public enum Granularity: Hashable, Sendable {
    case tensor, channel
    /// As many consecutive weights of a row.
    case group(Int)
  }

  /// What stands for 0, and how the scale is chosen.
  public enum Zero: Hashable, Sendable {
    /// Code 0 in -2^(bits-1) ... 2^(bits-1) - 1; scale = max|w| / (2^(bits-1) - 1).
    case symmetric
    /// A code in 0 ... 2^bits - 1; scale = (the range of the weights and 0) / (2^bits - 1).
    case code
    /// None: a weight is scale · code + bias. Both as MLX chooses them (formats §9).
    case bias
  }

  public let bits: Int
  public let granularity: Granularity
  public let zero: Zero
  /// Whether each column says which group it belongs to (GPTQ with `desc_act`), in the shared component `_group`, i32 [columns].
  public let isOrdered: Bool
  /// Whether scales are searched for the least squared error.
  public let searches: Bool
  /// Scale and zero of the one matrix that was surveyed.
  var fixed: Parameters?

  /// Scale and zero of one group; a zero is a code, or the bias.
  public struct Parameters: Hashable, Sendable {
    public var scale: Float
    public var zero: Float

    public init(scale: Float, zero: Float) {
      self.scale = scale
      self.zero = zero
    }
  }

  /// Nil for what no codes can be made of: bits beyond 2 ... 8, empty groups, a search for one scale of a whole tensor.
  public init?(
    bits: Int, granularity: Granularity, zero: Zero = .symmetric, isOrdered: Bool = false,
    searches: Bool = false
  ) {
    guard (2...8).contains(bits) else { return nil }
    switch granularity {
    case .tensor: if searches || isOrdered || zero == .bias { return nil }
    case .channel: if isOrdered || zero == .bias { return nil }
    case .group(let size): if size < 1 || size > 1 << 20 { return nil }
    }
    // MLX's scales are its quantizer's, and what is ordered is read only.
    if searches, isOrdered || zero == .bias { return nil }
    self.bits = bits
    self.granularity = granularity
    self.zero = zero
    self.isOrdered = isOrdered
    self.searches = searches
  }

  /// The codes of one weight: symmetric ones around 0. Plain rounding never reaches the least symmetric code of fewer than 8 bits.
  public var codes: ClosedRange<Int> {
    guard zero == .symmetric else { return 0...(1 << bits - 1) }
    let half = 1 << (bits - 1)
    return (bits == 8 ? 1 - half : -half)...(half - 1)
  }

  /// How many consecutive weights of a row have a scale in common.
  public func groupLength(columns: Int) -> Int {
    if case .group(let size) = granularity { size } else { columns }
  }

  /// Whether the codes of a row are packed into fewer bytes.
  public var isPacked: Bool { bits < 8 }

  /// The next smaller groups, down to one per row.
  public var substitute: (any QuantizationScheme)? {
    guard case .group(let size) = granularity, zero != .bias, !isOrdered else { return nil }
    let smaller = Self.groupSizes.last { $0 < size }
    return AffineScheme(
      bits: bits, granularity: smaller.map(Granularity.group) ?? .channel, zero: zero,
      searches: searches)
  }

  /// `.unsupported` for rows that are no whole number of groups.
  public func components(shape: [Int]) throws(SmithError) -> [SchemeComponent] {
    let columns = try matrix(shape).columns
    let rows = Array(shape.dropLast())
    var groups = 1
    if case .group(let size) = granularity {
      guard isOrdered || columns % size == 0 else {
        throw SmithError(
          .unsupported, "\(name) needs rows of a multiple of \(size), not \(columns)")
      }
      groups = columns / size + (columns % size == 0 ? 0 : 1)
    }
    let isShared = granularity == .tensor
    let perGroup = isShared ? [1] : rows + [groups]
    let width = try columns.multiplied(checked: bits) / 8 + (columns * bits % 8 == 0 ? 0 : 1)
    var parts = [
      SchemeComponent(
        suffix: "", dtype: bits == 8 && zero == .symmetric ? .i8 : .u8, shape: rows + [width]),
      SchemeComponent(suffix: "_scale", dtype: .f32, shape: perGroup, isShared: isShared),
    ]
    switch zero {
    case .symmetric: break
    case .code:
      parts.append(
        SchemeComponent(suffix: "_zero", dtype: .u8, shape: perGroup, isShared: isShared))
    case .bias: parts.append(SchemeComponent(suffix: "_bias", dtype: .f32, shape: perGroup))
    }
    if isOrdered {
      parts.append(SchemeComponent(suffix: "_group", dtype: .i32, shape: [columns], isShared: true))
    }
    return parts
  }

  public var survey: MatrixSurvey? { granularity == .tensor ? MatrixSurvey() : nil }

  public func surveyed(_ survey: MatrixSurvey) -> any QuantizationScheme {
    guard granularity == .tensor else { return self }
    var copy = self
    copy.fixed = parameters(of: [survey.range.lowerBound, survey.range.upperBound].span)
    return copy
  }
}
