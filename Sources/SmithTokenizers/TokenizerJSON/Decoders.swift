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
  ]
}
