import SmithBytes

/// `decoder` of a tokenizer.json.
enum Decoders: TokenizerStage {
  static let key = "decoder"
  static let sequenceKey = "decoders"
  static let table: [String: @Sendable (JSON) throws(SmithError) -> any TokenDecoder] = [
    "WordPiece": { json in
      WordPieceDecoder(
        continuation: json["prefix"]?.stringValue ?? "##", cleansUp: json.flag("cleanup", true))
    },
    "ByteLevel": { _ in ByteLevelDecoder() },
    "BPEDecoder": { json in BytePairDecoder(ending: json["suffix"]?.stringValue ?? "</w>") },
    "ByteFallback": { _ in ByteFallbackDecoder() },
    "Fuse": { _ in FuseDecoder() },
    "Metaspace": { json throws(SmithError) in try Metaspace(json) },
    "Replace": { json throws(SmithError) in try Replacing(json) },
    "Strip": { json throws(SmithError) in try StripDecoder(json) },
  ]
}
