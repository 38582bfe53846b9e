import SmithBytes

/// A SentencePiece model file, as far as encoding and decoding need it (models §13.4; sentencepiece_model.proto).
struct ModelProto: Sendable {
  struct Piece: Hashable, Sendable {
    /// Numbered as in the file.
    enum Kind: Int64, Sendable {
      case normal = 1
      case unknown
      case control
      case userDefined
      case unused
      case byte
    }

    var text: String
    var score: Float = 0
    var kind = Kind.normal
  }

  /// How text becomes pieces, numbered as in the file.
  enum Algorithm: Int64, Sendable {
    case unigram = 1
    case bpe
    case word
    case char
  }

  /// What a text goes through first; the flags are true where the file says nothing.
  struct NormalizerSpec: Sendable {
    var charsmap: [UInt8] = []
    var addsPrefix = true
    var removesExtraSpaces = true
    var escapesSpaces = true
  }

  /// By id.
  var pieces: [Piece] = []
  var algorithm = Algorithm.unigram
  var treatsSpaceAsSuffix = false
  var fallsBackToBytes = false
  /// What an unknown piece becomes in a text.
  var unknownSurface = " \u{2047} "
  var normalizer = NormalizerSpec()
  /// Goes over decoded text, where it has a map.
  var denormalizer = NormalizerSpec()

  /// - Throws: `.malformed` or `.truncated` for bytes that are no such message, `.limit` for too many pieces.
  init(_ bytes: [UInt8]) throws(SmithError) {
    var fields = ProtobufReader(ByteCursor(bytes))
    while let field = try fields.next() {
      switch field.number {
      case 1:
        guard pieces.count < Vocabulary.countLimit else {
          throw SmithError(.limit, "more than \(Vocabulary.countLimit) pieces in a vocabulary")
        }
        pieces.append(try Piece(field.message()))
      case 2: try readTrainer(field.message())
      case 3: normalizer = try NormalizerSpec(field.message())
      case 5: denormalizer = try NormalizerSpec(field.message())
      default: break
      }
    }
  }

  private mutating func readTrainer(_ message: ProtobufReader) throws(SmithError) {
    var fields = message
    while let field = try fields.next() {
      switch field.number {
      case 3: algorithm = try Self.choice(field, "model type")
      case 24: treatsSpaceAsSuffix = try field.unsigned() != 0
      case 35: fallsBackToBytes = try field.unsigned() != 0
      case 44: unknownSurface = try field.text()
      default: break
      }
    }
  }

  fileprivate static func choice<Choice: RawRepresentable<Int64>>(
    _ field: ProtobufField, _ what: String
  ) throws(SmithError) -> Choice {
    let number = try field.int64()
    guard let choice = Choice(rawValue: number) else {
      throw SmithError(
        .unsupported, "a \(what) numbered \(number)", at: Place(offset: field.position))
    }
    return choice
  }
}

extension ModelProto.Piece {
  fileprivate init(_ message: ProtobufReader) throws(SmithError) {
    self.init(text: "")
    let position = message.position
    var fields = message
    while let field = try fields.next() {
      switch field.number {
      case 1: text = try field.text()
      case 2: score = Float(bitPattern: try field.fixed32())
      case 3: kind = try ModelProto.choice(field, "kind of piece")
      default: break
      }
    }
    // The original refuses both, too.
    guard !text.isEmpty else {
      throw SmithError(.malformed, "an empty piece", at: Place(offset: position))
    }
    guard score.isFinite else {
      throw SmithError(
        .malformed, "a score of \(score)", at: Place(offset: position, item: text))
    }
  }
}

extension ModelProto.NormalizerSpec {
  fileprivate init(_ message: ProtobufReader) throws(SmithError) {
    self.init()
    var fields = message
    while let field = try fields.next() {
      switch field.number {
      case 2:
        var cursor = try field.bytes()
        charsmap = try cursor.array(cursor.remaining)
      case 3: addsPrefix = try field.unsigned() != 0
      case 4: removesExtraSpaces = try field.unsigned() != 0
      case 5: escapesSpaces = try field.unsigned() != 0
      default: break
      }
    }
  }
}

extension ProtobufField {
  fileprivate func text() throws(SmithError) -> String {
    var cursor = try bytes()
    return try cursor.utf8(cursor.remaining)
  }
}
