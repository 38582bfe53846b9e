extension AffineScheme {
  static let bitWidths = 2...8
  static let groupSizes = [32, 64, 128]

  /// Those that are listed: every width in every granularity, symmetric, with zeros, and what MLX has.
  public static let listed: [AffineScheme] = bitWidths.reversed().flatMap { bits in
    let granularities = [.tensor, .channel] + groupSizes.map(Granularity.group)
    return [Zero.symmetric, .code, .bias].flatMap { zero in
      granularities.compactMap { granularity in
        zero == .bias && bits == 7
          ? nil : AffineScheme(bits: bits, granularity: granularity, zero: zero)
      }
    }
  }

  /// `int4-g32-asym`: the bits, the granularity (none is the whole tensor), `-asym` for zeros, `-bias` for offsets, `-ordered`.
  public var storedName: String {
    var name = "int\(bits)"
    switch granularity {
    case .tensor: break
    case .channel: name += "-channel"
    case .group(let size): name += "-g\(size)"
    }
    switch zero {
    case .symmetric: break
    case .code: name += "-asym"
    case .bias: name += "-bias"
    }
    return isOrdered ? name + "-ordered" : name
  }

  /// With `+mse` where scales are searched.
  public var name: String { searches ? storedName + "+mse" : storedName }

  /// The scheme whose name that is, nil for any other text.
  public init?(named name: String) {
    let searched = name.split(separator: "+", omittingEmptySubsequences: false)
    guard searched.count <= 2, searched.count == 1 || searched[1] == "mse" else { return nil }
    var words = searched[0].split(separator: "-", omittingEmptySubsequences: false)[...]
    guard let kind = words.popFirst(), kind.hasPrefix("int"), let bits = Int(kind.dropFirst(3))
    else { return nil }
    var granularity = Granularity.tensor
    if words.first == "channel" {
      granularity = .channel
      words.removeFirst()
    } else if let word = words.first, word.hasPrefix("g"), let size = Int(word.dropFirst()) {
      granularity = .group(size)
      words.removeFirst()
    }
    var zero = Zero.symmetric
    if let chosen = ["asym": Zero.code, "bias": .bias][words.first ?? ""] {
      zero = chosen
      words.removeFirst()
    }
    let isOrdered = words.first == "ordered"
    if isOrdered { words.removeFirst() }
    self.init(
      bits: bits, granularity: granularity, zero: zero, isOrdered: isOrdered,
      searches: searched.count == 2)
    // Only the spelling that the scheme itself has.
    guard words.isEmpty, self.name == name else { return nil }
  }
}

extension QuantizationScheme where Self == AffineScheme {
  /// One byte per weight, one scale per output row.
  public static var int8PerChannel: AffineScheme {
    AffineScheme(unchecked: 8, .channel, .symmetric)
  }
}

extension AffineScheme {
  fileprivate init(unchecked bits: Int, _ granularity: Granularity, _ zero: Zero) {
    self.bits = bits
    self.granularity = granularity
    self.zero = zero
    isOrdered = false
    searches = false
  }
}
