/// ALBERT's and XLNet's rule for commas after digits: a piece like `▁2,` is taken apart, what stands before the comma is encoded again,
/// and a comma follows (albert/tokenization.py `encode_pieces`).
struct CommaRule: TokenizerModel {
  let model: any SegmentingModel
  /// What the rest of a piece goes through once more.
  let normalizer: SentencePieceNormalizer
  let unknown: Int

  var vocabulary: Vocabulary { model.vocabulary }

  func isControl(_ id: Int) -> Bool { model.isControl(id) }

  func encode(_ word: Word, into pieces: inout [Piece]) {
    for segment in model.segments(of: word) {
      let piece = word[segment.range]
      if let comma = piece.last, comma.scalar == ",", piece.dropLast().last?.scalar.isDigit == true
      {
        encodeAgain(piece.dropLast(), into: &pieces)
        pieces.append(Piece(id: id(of: [comma]), of: [comma]))
      } else {
        pieces.append(Piece(id: segment.id, of: piece))
      }
    }
  }

  private func encodeAgain(_ piece: Word, into pieces: inout [Piece]) {
    var text = piece.filter { $0.scalar != ScoredPieces.space }
    normalizer.normalize(&text)
    let hasSpace = piece.first?.scalar == ScoredPieces.space
    for (index, segment) in model.segments(of: text[...]).enumerated() {
      let part = text[segment.range]
      guard index == 0, !hasSpace, part.first?.scalar == ScoredPieces.space else {
        pieces.append(Piece(id: segment.id, of: part))
        continue
      }
      // The space in front is none of the text's.
      let rest = part.dropFirst()
      if !rest.isEmpty { pieces.append(Piece(id: id(of: rest), of: rest)) }
    }
  }

  private func id(of word: Word) -> Int { vocabulary.id(of: word.string) ?? unknown }
}

extension Unicode.Scalar {
  /// Decimal digits of all scripts, and those in circles or above the line: what Python calls one.
  var isDigit: Bool {
    if isASCII { return (48...57).contains(value) }
    return switch properties.numericType {
    case .decimal, .digit: true
    default: false
    }
  }
}
