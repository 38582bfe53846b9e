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
    try self.init(pieces, bytes: Self.bytes(pieces, fallsBackToBytes))
    try checkOnce()
  }

  /// The same for a list that does not say which pieces are bytes.
  init(listed pieces: [ModelProto.Piece], fallsBackToBytes: Bool) throws(SmithError) {
    try self.init(pieces, bytes: fallsBackToBytes ? Self.bytes(pieces) : nil)
  }

  private init(_ pieces: [ModelProto.Piece], bytes: [Int]?) throws(SmithError) {
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
    self.bytes = bytes
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
  func trie(of kinds: Set<Kind>) throws(SmithError) -> CompactTrie {
    try CompactTrie(
      self.kinds.indices.filter { kinds.contains(self.kinds[$0]) }.map {
        (vocabulary.pieces[$0], $0)
      })
  }

  func isControl(_ id: Int) -> Bool { kinds.indices.contains(id) && kinds[id] == .control }

  private static func bytes(
    _ pieces: [ModelProto.Piece], _ fallsBack: Bool
  ) throws(SmithError) -> [Int]? {
    if !fallsBack, let byte = pieces.first(where: { $0.kind == .byte }) {
      throw SmithError(
        .malformed, "a piece for a byte in a model without byte fallback",
        at: Place(item: byte.text))
    }
    if let other = pieces.first(where: { $0.kind == .byte && !$0.text.isBytePiece }) {
      throw SmithError(.malformed, "a piece for a byte that is none", at: Place(item: other.text))
    }
    return fallsBack ? try bytes(pieces.map { $0.kind == .byte ? $0.text : "" }) : nil
  }

  private static func bytes(_ pieces: [ModelProto.Piece]) throws(SmithError) -> [Int] {
    try bytes(pieces.map(\.text))
  }

  /// The ids of all bytes.
  private static func bytes(_ texts: [String]) throws(SmithError) -> [Int] {
    var found: [UInt8: Int] = [:]
    for (id, text) in texts.enumerated() where text.isBytePiece {
      if let byte = UInt8(bytePiece: text) { found[byte] = found[byte] ?? id }
    }
    return try (UInt8.min...UInt8.max).map { byte throws(SmithError) in
      guard let id = found[byte] else {
        throw SmithError(
          .missing, "the model falls back to bytes and has no \(byte.bytePiece)")
      }
      return id
    }
  }

  /// One text may stand for one piece that covers text and for one that does not.
  private func checkOnce() throws(SmithError) {
    var doubled: Set<Int> = []
    for (id, piece) in vocabulary.pieces.enumerated() {
      guard let first = vocabulary.id(of: piece), first != id else { continue }
      guard kinds[first].coversText != kinds[id].coversText, doubled.insert(first).inserted else {
        throw SmithError(.malformed, "the piece stands twice", at: Place(item: piece))
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

extension String {
  /// Whether it spells a byte, in capitals.
  fileprivate var isBytePiece: Bool { UInt8(bytePiece: self).map { $0.bytePiece == self } ?? false }
}
