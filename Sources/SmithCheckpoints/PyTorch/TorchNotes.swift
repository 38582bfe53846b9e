/// Ties and quantized tensors, in a sentence each.
struct TorchNotes {
  private static let shown = 3

  private let entries: [TorchEntry]

  init(_ entries: [TorchEntry]) { self.entries = entries }

  var notes: [String] { quantized + tied }

  private struct Place: Hashable {
    var start: Int
    var shape: [Int]
    var strides: [Int]
    var dtype: String
  }

  /// Tensors that are one and the same: same bytes in the same order.
  private var tied: [String] {
    var groups: [Place: [String]] = [:]
    for entry in entries where entry.info.byteCount > 0 {
      if case .memory = entry.bytes { continue }
      let place = Place(
        start: entry.start, shape: entry.layout.shape, strides: entry.layout.strides,
        dtype: entry.dtype.rawValue)
      groups[place, default: []].append(entry.info.name)
    }
    let ties = groups.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    guard !ties.isEmpty else { return [] }
    let texts = ties.prefix(Self.shown).map { names in
      names.prefix(Self.shown).joined(separator: " = ") + (names.count > Self.shown ? " = …" : "")
    }
    let more = ties.count > texts.count ? ", and \(ties.count - texts.count) more" : ""
    return ["tied, stored once: \(texts.joined(separator: ", "))\(more)"]
  }

  private var quantized: [String] {
    let found = entries.filter { $0.quantizer != nil }
    guard !found.isEmpty else { return [] }
    let texts = found.prefix(Self.shown).map { "\($0.info.name) (\($0.quantizer ?? ""))" }
    let more = found.count > texts.count ? ", and \(found.count - texts.count) more" : ""
    return [
      "quantized, shown as integer codes (value = (code - zero point) * scale): "
        + texts.joined(separator: ", ") + more
    ]
  }
}
