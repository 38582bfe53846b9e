import SmithBytes

/// SentencePiece's unigram model: of all ways to cover a text with pieces the one with the greatest sum of scores (models §13.4;
/// Kudo 2018, "Subword Regularization", §3.2).
struct Unigram: SegmentingModel {
  let pieces: ScoredPieces
  /// What covers text: all but unused pieces.
  private let trie: PieceTrie
  /// By id.
  private let scores: [Float]
  /// Of one code point that no piece by itself covers.
  private let unknownScore: Float

  var vocabulary: Vocabulary { pieces.vocabulary }

  /// What an unknown code point costs beside the worst piece.
  private static let unknownPenalty: Float = 10

  init(_ pieces: ScoredPieces) throws(SmithError) {
    self.pieces = pieces
    trie = try pieces.trie(of: [.normal, .userDefined])
    var scores = pieces.scores
    var worst = Float.greatestFiniteMagnitude
    for (id, kind) in pieces.kinds.enumerated() {
      switch kind {
      case .normal: worst = min(worst, scores[id])
      case .userDefined: scores[id] = Self.score(of: pieces.vocabulary.pieces[id])
      default: break
      }
    }
    self.scores = scores
    unknownScore = worst - Self.unknownPenalty
  }

  /// User-defined pieces have no score of their own; each byte adds to it, so that a long one goes before two short ones.
  private static func score(of piece: String) -> Float {
    Float(Double(piece.utf8.count) * 0.1 - 0.1)
  }

  func isControl(_ id: Int) -> Bool { pieces.isControl(id) }

  /// The end of the best way to a place.
  private struct Step {
    var score: Float = 0
    /// Where its last piece begins; -1 where no way leads here yet.
    var start: Int32 = -1
    var id: Int32 = -1

    /// Of two equal ways the first stays.
    @inline(__always)
    mutating func offer(_ score: Float, from start: Int32, id: Int32) {
      guard self.start < 0 || score > self.score else { return }
      self = Step(score: score, start: start, id: id)
    }
  }

  func segments(of word: Word) -> [Segment] {
    let first = word.startIndex
    var steps = Array(repeating: Step(), count: word.count + 1)
    for start in word.indices {
      let score = steps[start - first].score
      let from = Int32(truncatingIfNeeded: start - first)
      var isCovered = false
      var node = PieceTrie.root
      var end = start
      while end < word.endIndex, let next = trie.step(from: node, word[end].scalar) {
        node = next
        end += 1
        guard let id = trie.id(at: node) else { continue }
        if end == start + 1 { isCovered = true }
        steps[end - first].offer(
          score + scores[id], from: from, id: Int32(truncatingIfNeeded: id))
      }
      if isCovered { continue }
      steps[start - first + 1].offer(
        score + unknownScore, from: from, id: Int32(truncatingIfNeeded: pieces.unknown))
    }
    return segments(of: word, steps)
  }

  /// Back along the best way.
  private func segments(of word: Word, _ steps: [Step]) -> [Segment] {
    var way: [Int] = []
    var end = word.count
    while end > 0 {
      way.append(end)
      end = Int(steps[end].start)
    }
    var segments: [Segment] = []
    segments.reserveCapacity(way.count)
    for end in way.reversed() {
      let step = steps[end]
      let range = (word.startIndex + Int(step.start))..<(word.startIndex + end)
      if Int(step.id) == pieces.unknown {
        pieces.appendUnknown(range, of: word, to: &segments)
      } else {
        segments.append(Segment(id: Int(step.id), range: range))
      }
    }
    return segments
  }
}
