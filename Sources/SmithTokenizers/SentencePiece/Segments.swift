/// A piece in a word: its id, and the word's indices that it covers.
struct Segment: Hashable, Sendable {
  var id: Int
  var range: Range<Int>
}

/// A model that tells which part of a word each piece covers.
protocol SegmentingModel: TokenizerModel {
  func segments(of word: Word) -> [Segment]
}

extension SegmentingModel {
  func encode(_ word: Word, into pieces: inout [Piece]) {
    for segment in segments(of: word) {
      pieces.append(Piece(id: segment.id, of: word[segment.range]))
    }
  }
}
