extension LevelScheme {
  /// Those that are listed.
  static let listed: [LevelScheme] = [
    "nf4", "nf4-dq", "fp4", "fp4-dq", "fp8-e4m3", "fp8-e4m3-tensor", "fp8-e5m2",
    "fp8-e5m2-tensor",
  ].compactMap(LevelScheme.init(named:))

  /// What a name without a group means: bitsandbytes' blocks for levels of four bits, a scale per row for floats of eight.
  private static func usual(_ levels: Levels) -> AffineScheme.Granularity {
    levels.bits == 4 ? .group(64) : .channel
  }

  /// `nf4`, `nf4-g128`, `nf4-dq`, `fp8-e4m3-tensor`.
  public var name: String {
    var name = levels.name
    if granularity != Self.usual(levels) {
      switch granularity {
      case .tensor: name += "-tensor"
      case .channel: name += "-channel"
      case .group(let size): name += "-g\(size)"
      }
    }
    return isNested ? name + "-dq" : name
  }

  /// The scheme whose name that is, nil for any other text.
  public init?(named name: String) {
    // The longest first: fp4-e2m1 begins like fp4.
    let known = Levels.all.sorted { $0.name.count > $1.name.count }
    guard let levels = known.first(where: { name == $0.name || name.hasPrefix($0.name + "-") })
    else { return nil }
    var words = name.dropFirst(levels.name.count)
      .split(separator: "-", omittingEmptySubsequences: true)[...]
    var granularity = Self.usual(levels)
    if words.first == "tensor" {
      granularity = .tensor
      words.removeFirst()
    } else if let word = words.first, word.hasPrefix("g"), let size = Int(word.dropFirst()) {
      granularity = .group(size)
      words.removeFirst()
    }
    let isNested = words.first == "dq"
    if isNested { words.removeFirst() }
    self.init(levels: levels, granularity: granularity, isNested: isNested)
    // Only the spelling that the scheme itself has.
    guard words.isEmpty, self.name == name else { return nil }
  }
}
