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
