import SmithBytes

/// What a model's mathematics depends on besides sizes, activation, epsilon and mask: settings that only some architectures have.
public enum Setting: String, Hashable, Sendable, Codable, CaseIterable {
  /// Widths and counts of the character filters, [[1, 32], …].
  case filters
  /// The largest magnitude of an LSTM's memory; null for no limit.
  case cellClip
  /// The largest magnitude of an LSTM's mapped state; null for no limit.
  case stateClip
  /// Whether layers add their input to their output.
  case skipsConnections
  /// Whether layers are normed before they are mixed.
  case normsMixes
}

extension Setting {
  /// Whether the shapes say it where nothing else does.
  var isShown: Bool { self == .filters }

  /// What it is where no file says it, since none ever does; such a value is not written either.
  var unsaid: JSON? { self == .normsMixes ? false : JSON?.none }

  /// Whether null is one of its values.
  var canBeNull: Bool { self == .cellClip || self == .stateClip }

  /// How a user may say it.
  var example: String {
    switch self {
    case .cellClip, .stateClip: "3 (null for no limit)"
    case .skipsConnections, .normsMixes: "true"
    case .filters: "[[1,32],[2,32]]"
    }
  }

  /// What a file must say for it, in words; nil where the value is such.
  func complaint(about value: JSON) -> String? {
    switch self {
    case .cellClip, .stateClip:
      if value.isNull { return nil }
      guard let number = value.doubleValue, number > 0 else {
        return "expected a number above 0, or null"
      }
    case .skipsConnections, .normsMixes:
      if value.boolValue == nil { return "expected true or false" }
    case .filters:
      let isPairs = value.arrayValue?.allSatisfy { pair in
        pair.arrayValue?.count == 2 && (pair.arrayValue ?? []).allSatisfy { ($0.intValue ?? 0) > 0 }
      }
      if isPairs != true { return "expected [[width, count], …]" }
    }
    return nil
  }
}
