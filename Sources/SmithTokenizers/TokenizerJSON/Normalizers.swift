import SmithBytes

/// `normalizer` of a tokenizer.json.
enum Normalizers: TokenizerStage {
  static let key = "normalizer"
  static let sequenceKey = "normalizers"
  static let table: [String: @Sendable (JSON) throws(SmithError) -> any Normalizer] = [
    "BertNormalizer": { json in
      BertNormalizer(
        cleansText: json.flag("clean_text", true),
        separatesIdeographs: json.flag("handle_chinese_chars", true),
        stripsAccents: json["strip_accents"]?.boolValue, lowercases: json.flag("lowercase", true))
    },
    "Lowercase": { _ in LowercaseNormalizer() },
    "StripAccents": { _ in StripAllMarks() },
    "NFC": { _ in NormalizationForm.nfc },
    "NFD": { _ in NormalizationForm.nfd },
    "NFKC": { _ in NormalizationForm.nfkc },
    "NFKD": { _ in NormalizationForm.nfkd },
    "Precompiled": { json throws(SmithError) in try PrecompiledNormalizer(json) },
    "Prepend": { json throws(SmithError) in try Prepending(json) },
    "Replace": { json throws(SmithError) in try Replacing(json) },
    "Strip": { Stripping(left: $0.flag("strip_left", true), right: $0.flag("strip_right", true)) },
  ]
}
