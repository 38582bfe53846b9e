/// Every letter by itself becomes small, by Unicode's full mapping.
struct LowercaseNormalizer: Normalizer, Hashable {
  func normalize(_ text: inout AlignedText) {
    var isASCII = true
    for index in text.indices {
      let scalar = text[index].scalar
      guard scalar.isASCII else {
        isASCII = false
        continue
      }
      if (65...90).contains(scalar.value) {
        text[index].scalar = Unicode.Scalar(UInt8(scalar.value) | 32)
      }
    }
    if isASCII { return }
    text.replaceEach { scalar in
      if scalar.isASCII { return nil }
      let small = Array(scalar.properties.lowercaseMapping.unicodeScalars)
      return small == [scalar] ? nil : small
    }
  }
}

/// Marks that take no space go (category Mn).
struct StripMarksNormalizer: Normalizer, Hashable {
  func normalize(_ text: inout AlignedText) {
    // The first mark is U+0300.
    guard text.contains(where: { $0.scalar.value >= 0x300 }) else { return }
    text.removeAll { $0.scalar.isNonspacingMark }
  }
}

extension NormalizationForm: Normalizer {
  func normalize(_ text: inout AlignedText) { apply(to: &text) }
}
