import SmithBytes

/// SentencePiece's BPE: of all neighbours that together are a piece those with the greatest score merge first, the leftmost of equals;
/// pieces that are not used fall apart again (models §13.4; sentencepiece/src/bpe_model.cc).
struct SentencePieceBPE: SegmentingModel {
  let pieces: ScoredPieces
  /// What neighbours may merge to.
  private let trie: CompactTrie
  /// What never merges, where there is such a thing.
  private let verbatim: CompactTrie?
  private let hasUnused: Bool
  /// Whether `▁` stands only at the beginning of pieces: then nothing merges across one, and words are cut by themselves.
  private let splitsAtSpaces: Bool
  /// By id: whether the piece's own text is cut into nothing but itself. Most words are such a piece, and need no merging.
  private var isWhole: [Bool] = []

  var vocabulary: Vocabulary { pieces.vocabulary }

  init(_ pieces: ScoredPieces) throws(SmithError) {
    self.pieces = pieces
    trie = try pieces.trie(of: [.normal, .userDefined, .unused])
    verbatim = pieces.kinds.contains(.userDefined) ? try pieces.trie(of: [.userDefined]) : nil
    hasUnused = pieces.kinds.contains(.unused)
    splitsAtSpaces =
      !hasUnused
      && !zip(pieces.kinds, pieces.vocabulary.pieces).contains { kind, piece in
        kind.coversText && Self.crossesSpace(piece)
      }
    if splitsAtSpaces { isWhole = wholes() }
  }

  private func wholes() -> [Bool] {
    var merging = ScoreMerging(trie, pieces.scores)
    return zip(pieces.kinds, pieces.vocabulary.pieces).map { kind, piece in
      guard kind == .normal else { return false }
      merging.merge(AlignedText(of: piece)[...], verbatim: verbatim)
      return merging.isOne
    }
  }

  func isControl(_ id: Int) -> Bool { pieces.isControl(id) }

  private static func crossesSpace(_ piece: String) -> Bool {
    var isInWord = false
    for scalar in piece.unicodeScalars {
      if scalar != ScoredPieces.space {
        isInWord = true
      } else if isInWord {
        return true
      }
    }
    return false
  }

  func segments(of word: Word) -> [Segment] {
    var segments: [Segment] = []
    segments.reserveCapacity(word.count / 3 + 4)
    var merging = ScoreMerging(trie, pieces.scores)
    merging.remembers = hasUnused
    var start = word.startIndex
    for index in word.indices.dropFirst()
    where splitsAtSpaces && word[index].scalar == ScoredPieces.space
      && word[index - 1].scalar != ScoredPieces.space
    {
      append(word[start..<index], to: &segments, &merging)
      start = index
    }
    append(word[start...], to: &segments, &merging)
    return segments
  }

  private func append(_ word: Word, to segments: inout [Segment], _ merging: inout ScoreMerging) {
    if splitsAtSpaces, let id = trie.id(of: word), isWhole[id] {
      segments.append(Segment(id: id, range: word.indices))
      return
    }
    merging.merge(word, verbatim: verbatim)
    let splits = hasUnused ? merging.splits(of: pieces.kinds) : [:]
    var open: [Range<Int>] = []
    merging.forEach { range, id in
      if let id, splits.isEmpty {
        segments.append(Segment(id: id, range: range))
        return
      }
      open.append(range)
      while let range = open.popLast() {
        guard let id = trie.id(of: word[range]) else {
          pieces.appendUnknown(range, of: word, to: &segments)
          continue
        }
        if let count = splits[id] {
          open.append((range.lowerBound + count)..<range.upperBound)
          open.append(range.lowerBound..<(range.lowerBound + count))
        } else {
          segments.append(Segment(id: id, range: range))
        }
      }
    }
  }
}
