import Foundation

/// Unicode's four normalization forms. Foundation knows the tables; we keep the places.
enum NormalizationForm: String, CaseIterable, Sendable {
  case nfd = "NFD"
  case nfkd = "NFKD"
  case nfc = "NFC"
  case nfkc = "NFKC"

  func apply(to text: inout AlignedText) {
    guard text.contains(where: { $0.scalar.value >= 0xA0 }) else { return }
    switch self {
    case .nfd, .nfkd: decompose(&text)
    case .nfc, .nfkc: compose(&text)
    }
  }

  /// Each code point by itself, then marks in the order of their classes.
  private func decompose(_ text: inout AlignedText) {
    var known: [UInt32: [Unicode.Scalar]?] = [:]
    text.replaceEach { scalar in
      if scalar.value < 0xA0 || (0x4E00...0x9FFF).contains(scalar.value) { return nil }
      if let decomposition = known[scalar.value] { return decomposition }
      let scalars = Array(string(String(scalar)).unicodeScalars)
      let decomposition = scalars == [scalar] ? nil : scalars
      known[scalar.value] = .some(decomposition)
      return decomposition
    }
    Self.order(&text)
  }

  /// Unicode's canonical ordering: runs of marks sorted by combining class, equals as they stood.
  private static func order(_ text: inout AlignedText) {
    var start = 0
    while start < text.count {
      guard text[start].scalar.combiningClass != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < text.count, text[end].scalar.combiningClass != 0 { end += 1 }
      if end - start > 1 {
        let run = text[start..<end].enumerated().sorted {
          ($0.element.scalar.combiningClass, $0.offset)
            < ($1.element.scalar.combiningClass, $1.offset)
        }
        text.replaceSubrange(start..<end, with: run.map(\.element))
      }
      start = end
    }
  }

  /// What composes stands in one grapheme cluster, so each is composed by itself; what a cluster becomes comes from all of it.
  private func compose(_ text: inout AlignedText) {
    var result: AlignedText = []
    result.reserveCapacity(text.count)
    var position = 0
    for character in text.string {
      let scalars = Array(character.unicodeScalars)
      let source = text[position..<(position + scalars.count)]
      position += scalars.count
      guard scalars.count <= Self.longestCluster else {
        result += composedPairwise(source)
        continue
      }
      let composed = Array(string(String(character)).unicodeScalars)
      if composed == scalars || source.isEmpty {
        result += source
      } else if composed.count == scalars.count {
        result += zip(composed, source).map { AlignedScalar($0, $1.start, $1.end) }
      } else {
        let start = source.map(\.start).min() ?? 0
        let end = source.map(\.end).max() ?? 0
        result += composed.map { AlignedScalar($0, start, end) }
      }
    }
    text = result
  }

  /// Foundation takes the square of a cluster's length: one that no language has is composed mark by mark.
  private static let longestCluster = 64

  /// Unicode's composition (UAX 15) over one cluster: each mark with the last starter, where nothing of its class or above stands between.
  private func composedPairwise(_ cluster: Word) -> AlignedText {
    var text = Array(cluster)
    (self == .nfkc ? Self.nfkd : .nfd).decompose(&text)
    var result: AlignedText = []
    var starter: Int?
    var blocked: UInt8 = 0
    for element in text {
      let own = element.scalar.combiningClass
      if let starter, result.count == starter + 1 || blocked < own,
        let both = Self.composite(result[starter].scalar, element.scalar)
      {
        result[starter].scalar = both
        result[starter].start = min(result[starter].start, element.start)
        result[starter].end = max(result[starter].end, element.end)
        continue
      }
      if own == 0 { starter = result.count }
      blocked = own
      result.append(element)
    }
    return result
  }

  /// What two characters become as one, if they do.
  private static func composite(
    _ first: Unicode.Scalar, _ second: Unicode.Scalar
  ) -> Unicode.Scalar? {
    let scalars = (String(first) + String(second)).precomposedStringWithCanonicalMapping
      .unicodeScalars
    return scalars.count == 1 ? scalars.first : nil
  }

  private func string(_ text: String) -> String {
    switch self {
    case .nfd: text.decomposedStringWithCanonicalMapping
    case .nfkd: text.decomposedStringWithCompatibilityMapping
    case .nfc: text.precomposedStringWithCanonicalMapping
    case .nfkc: text.precomposedStringWithCompatibilityMapping
    }
  }
}

extension Unicode.Scalar {
  var combiningClass: UInt8 {
    value < 0x300 ? 0 : properties.canonicalCombiningClass.rawValue
  }
}
