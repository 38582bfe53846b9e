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
