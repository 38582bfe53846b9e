/// Every letter by itself becomes small, by Unicode's full mapping.
struct LowercaseNormalizer: Normalizer, Hashable {
  func normalize(_ text: inout AlignedText) {
    text.replaceEach { scalar in
      if scalar.isASCII {
        return (65...90).contains(scalar.value) ? [Unicode.Scalar(UInt8(scalar.value) | 32)] : nil
      }
      let small = Array(scalar.properties.lowercaseMapping.unicodeScalars)
      return small == [scalar] ? nil : small
    }
  }
}

/// Marks that take no space go (category Mn).
struct StripMarksNormalizer: Normalizer, Hashable {
  func normalize(_ text: inout AlignedText) {
    text.replaceEach { $0.isNonspacingMark ? [] : nil }
  }
}

extension NormalizationForm: Normalizer {
  func normalize(_ text: inout AlignedText) { apply(to: &text) }
}
