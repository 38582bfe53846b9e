import SmithBytes

/// Pieces back to text: `▁` is a space, the one that no text had goes, bytes are gathered (models §13.4;
/// sentencepiece_processor.cc `Decode`).
struct SentencePieceDecoder: TokenDecoder {
  /// The unknown piece, and what it becomes.
  var unknown: String
  var unknownSurface: String
  var decodesBytes: Bool
  /// Whether the first space goes.
  var dropsPrefix: Bool
  /// Whether all spaces at the beginning go.
  var dropsAllSpaces: Bool
  var denormalizer: SentencePieceNormalizer?

  func decode(_ tokens: [String]) -> [String] {
    var text: [UInt8] = []
    var bytes: [UInt8] = []
    var isAtStart = dropsPrefix || dropsAllSpaces
    var hasDropped = false
    for token in tokens {
      if decodesBytes, let byte = UInt8(bytePiece: token), byte.bytePiece == token {
        bytes.append(byte)
        continue
      }
      text.append(repairing: bytes)
      bytes = []
      if hasDropped || !text.isEmpty { isAtStart = false }
      if Exactly.equal(token, unknown) {
        text += unknownSurface.utf8
        continue
      }
      var piece = Array(token.utf8)[...]
      if isAtStart, piece.starts(with: Self.space) {
        piece = piece.dropFirst(Self.space.count)
        hasDropped = !dropsAllSpaces
      }
      text.append(unescaping: piece)
    }
    text.append(repairing: bytes)
    let decoded = String(decoding: text, as: UTF8.self)
    guard let denormalizer else { return [decoded] }
    var aligned = AlignedText(of: decoded)
    denormalizer.normalize(&aligned)
    return [aligned.string]
  }

  fileprivate static let space = Array(String(ScoredPieces.space).utf8)
}

extension [UInt8] {
  /// Appends a piece with a space for each `▁`.
  fileprivate mutating func append(unescaping piece: ArraySlice<UInt8>) {
    let space = SentencePieceDecoder.space
    var rest = piece
    while let byte = rest.first {
      if byte == space[0], rest.starts(with: space) {
        append(UInt8(ascii: " "))
        rest = rest.dropFirst(space.count)
      } else {
        append(byte)
        rest = rest.dropFirst()
      }
    }
  }

  /// Appends bytes as UTF-8; each that belongs to no character becomes U+FFFD.
  mutating func append(repairing bytes: [UInt8]) {
    var rest = bytes[...]
    while let lead = rest.first {
      let width = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
      let character = rest.prefix(width)
      if String(validating: character, as: UTF8.self) != nil {
        self += character
        rest = rest.dropFirst(width)
      } else {
        self += "\u{FFFD}".utf8
        rest = rest.dropFirst()
      }
    }
  }
}
