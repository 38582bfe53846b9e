import SmithBytes

/// A vocabulary whose pieces have scores and kinds, as SentencePiece's models have.
struct ScoredPieces: Sendable {
  typealias Kind = ModelProto.Piece.Kind

  let vocabulary: Vocabulary
  let kinds: [Kind]
  let scores: [Float]
  /// The id of the one unknown piece.
  let unknown: Int
  /// The ids of `<0x00>` to `<0xFF>`, where what no piece covers is spelled in bytes.
  let bytes: [Int]?

  /// What makes the white space visible: `▁`.
  static let space: Unicode.Scalar = "\u{2581}"

  /// - Throws: `.malformed` for pieces that contradict each other, `.missing` without an unknown piece or bytes that are promised.
  init(_ pieces: [ModelProto.Piece], fallsBackToBytes: Bool) throws(SmithError) {
    vocabulary = try Vocabulary(pieces.map(\.text))
    kinds = pieces.map(\.kind)
    scores = pieces.map(\.score)
    let unknowns = kinds.indices.filter { pieces[$0].kind == .unknown }
    guard let unknown = unknowns.first else {
      throw SmithError(.missing, "the model has no piece for the unknown")
    }
    guard unknowns.count == 1 else {
      throw SmithError(.malformed, "\(unknowns.count) pieces for the unknown")
    }
    self.unknown = unknown
    bytes = try Self.bytes(pieces, vocabulary, fallsBackToBytes)
    try Self.checkOnce(pieces)
  }

  /// Appends what stands for a stretch that no piece covers: its bytes, or the unknown piece, one for neighbours.
  func appendUnknown(_ range: Range<Int>, of word: Word, to segments: inout [Segment]) {
    guard let bytes else {
      if let last = segments.last, last.id == unknown {
        segments[segments.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        segments.append(Segment(id: unknown, range: range))
      }
      return
    }
    for index in range {
      for byte in UTF8.encode(word[index].scalar).unsafelyUnwrapped {
        segments.append(Segment(id: bytes[Int(byte)], range: index..<(index + 1)))
      }
    }
  }

  /// A trie of the pieces of some kinds, which alone are looked for in text.
  func trie(of kinds: Set<Kind>) throws(SmithError) -> PieceTrie {
    var trie = PieceTrie(expecting: vocabulary.count * 8)
    for (id, kind) in self.kinds.enumerated() where kinds.contains(kind) {
      _ = try trie.insert(vocabulary.pieces[id].utf8, id: Int32(id))
    }
    return trie
  }

  func isControl(_ id: Int) -> Bool { kinds.indices.contains(id) && kinds[id] == .control }

  private static func bytes(
    _ pieces: [ModelProto.Piece], _ vocabulary: Vocabulary, _ fallsBack: Bool
  ) throws(SmithError) -> [Int]? {
    guard fallsBack else {
      guard let byte = pieces.first(where: { $0.kind == .byte }) else { return nil }
      throw SmithError(
        .malformed, "a piece for a byte in a model without byte fallback",
        at: Place(item: byte.text))
    }
    var ids: [Int] = []
    for byte in UInt8.min...UInt8.max {
      let piece = byte.bytePiece
      guard let id = vocabulary.id(of: piece), pieces[id].kind == .byte else {
        throw SmithError(.missing, "the model falls back to bytes and has no \(piece)")
      }
      ids.append(id)
    }
    return ids
  }

  /// One text may stand for one piece that covers text and for one that does not.
  private static func checkOnce(_ pieces: [ModelProto.Piece]) throws(SmithError) {
    for coversText in [true, false] {
      var seen = PieceTrie()
      for piece in pieces where piece.kind.coversText == coversText {
        guard try seen.insert(piece.text.utf8, id: 0) == nil else {
          throw SmithError(.malformed, "the piece stands twice", at: Place(item: piece.text))
        }
      }
    }
  }
}

extension ModelProto.Piece.Kind {
  /// Whether pieces of the kind are found in text.
  var coversText: Bool {
    switch self {
    case .normal, .userDefined, .unused: true
    case .unknown, .control, .byte: false
    }
  }
}

extension UInt8 {
  /// How SentencePiece spells a byte: `<0x0A>`.
  var bytePiece: String {
    let digits = String(self, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }

  /// The byte that a piece spells.
  init?(bytePiece: String) {
    let piece = Array(bytePiece.utf8)
    guard piece.count == 6, piece.starts(with: "<0x".utf8), piece.last == UInt8(ascii: ">") else {
      return nil
    }
    self.init(String(decoding: piece[3..<5], as: UTF8.self), radix: 16)
  }
}
