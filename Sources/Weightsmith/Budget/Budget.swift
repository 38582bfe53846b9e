import SmithBytes

/// What a smaller model may lose, and how large it may be, in place of a number of bits.
public struct Budget: Hashable, Sendable, CustomStringConvertible {
  /// What every layer and head must hold, as `verify --policy` has it.
  public var policy: Policy
  /// Tensor bytes of the file at most.
  public var mostBytes: Int?

  /// `kl<=0.01,top1>=0.99`; besides those `cosine>=`, `max-abs<=` and `size<=20MB`.
  public init(parsing text: String) throws(SmithError) {
    policy = .undemanding
    let demands = text.split(separator: ",").map { $0.filter { $0 != " " } }
    if demands.isEmpty { throw Self.unreadable(text) }
    for demand in demands {
      let parts = demand.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Self.unreadable(demand) }
      if parts[0] == "size<", let bytes = ByteSize.parse(parts[1]) {
        mostBytes = bytes
      } else {
        guard let value = Double(parts[1]), value.isFinite, policy.set(parts[0], value) else {
          throw Self.unreadable(demand)
        }
      }
    }
  }

  public var description: String {
    var demands: [String] = []
    if let it = policy.leastCosine { demands.append("cosine>=\(it)") }
    if let it = policy.leastTopOne { demands.append("top1>=\(it)") }
    if let it = policy.mostDivergence { demands.append("kl<=\(it)") }
    if let it = policy.mostDifference { demands.append("max-abs<=\(it)") }
    if let it = mostBytes { demands.append("size<=\(it)") }
    return demands.joined(separator: ",")
  }

  /// Whether it asks what only logits can answer.
  var needsLogits: Bool { policy.leastTopOne != nil || policy.mostDivergence != nil }

  private static func unreadable(_ demand: String) -> SmithError {
    SmithError(
      .usage, "--budget \(demand): not a demand",
      remedy: "kl<=0.01,top1>=0.99, or cosine>=, max-abs<=, size<=20MB")
  }
}
