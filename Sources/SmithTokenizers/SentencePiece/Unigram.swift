import SmithBytes

/// SentencePiece's unigram model: of all ways to cover a text with pieces the one with the greatest sum of scores (models §13.4;
/// Kudo 2018, "Subword Regularization", §3.2).
struct Unigram: SegmentingModel {
  let pieces: ScoredPieces
  /// What covers text: all but unused pieces.
  private let trie: CompactTrie
  private let scores: Scores

  var vocabulary: Vocabulary { pieces.vocabulary }

  /// SentencePiece adds in 32 bits, Hugging Face's tokenizers in 64; where two ways are equally good but for rounding, that decides.
  private enum Scores: Sendable {
    /// The trie's values are scores of 32 bits; by unit of the trie the piece that ends there.
    case single(ids: [Int32], unknown: Float)
    /// The trie's values are ids; by id the score.
    case double([Double], unknown: Double)
  }

  /// What an unknown code point costs beside the worst piece.
  private static let unknownPenalty = 10.0

  /// Where a sum is less, it is counted from 0 again: in a long text 32 bits could not tell one way from another. SentencePiece 0.2.3 does
  /// the same.
  private static let leastScore: Float = -100_000

  init(_ pieces: ScoredPieces) throws(SmithError) {
    self.pieces = pieces
    var scores = pieces.scores
    var worst = Float.greatestFiniteMagnitude
    for (id, kind) in pieces.kinds.enumerated() {
      switch kind {
      case .normal: worst = min(worst, scores[id])
      case .userDefined: scores[id] = Self.score(of: pieces.vocabulary.pieces[id])
      default: break
      }
    }
    let trie = try pieces.trie(of: [.normal, .userDefined])
    let ids = trie.values
    self.trie = trie.replacingValues { Int32(bitPattern: scores[Int($0)].bitPattern) }
    self.scores = .single(ids: ids, unknown: worst - Float(Self.unknownPenalty))
  }

  /// As Hugging Face's tokenizers have it: scores of 64 bits, and every piece is found in text.
  init(_ pieces: ScoredPieces, scores: [Double]) throws(SmithError) {
    self.pieces = pieces
    trie = try pieces.trie(of: [.normal, .unknown])
    self.scores = .double(scores, unknown: (scores.min() ?? 0) - Self.unknownPenalty)
  }

  /// User-defined pieces have no score of their own; each byte adds to it, so that a long one goes before two short ones.
  private static func score(of piece: String) -> Float {
    Float(Double(piece.utf8.count) * 0.1 - 0.1)
  }

  func isControl(_ id: Int) -> Bool { pieces.isControl(id) }

  func segments(of word: Word) -> [Segment] {
    let text = WordBytes(word)
    return switch scores {
    case .single(let ids, let unknown):
      segments(
        of: word, text,
        bestWay(over: text.bytes, unknown, least: Self.leastScore) {
          Float(bitPattern: UInt32(bitPattern: $0))
        }
      ) { ids[Int($0)] }
    case .double(let scores, let unknown):
      segments(
        of: word, text, bestWay(over: text.bytes, unknown, least: -.infinity) { scores[Int($0)] }
      ) {
        trie.value(at: $0)
      }
    }
  }

  /// The end of the best way to a place.
  private struct Step<Score: BinaryFloatingPoint> {
    var score: Score = 0
    /// Where its last piece begins; -1 where no way leads here yet.
    var start: Int32 = -1
    /// Where in the trie it ends; -1 for an unknown code point.
    var unit: Int32 = -1

    /// Of two equal ways the first stays.
    @inline(__always)
    mutating func offer(_ score: Score, from start: Int32, unit: Int32) {
      guard self.start < 0 || score > self.score else { return }
      self = Step(score: score, start: start, unit: unit)
    }
  }

  /// By byte (Viterbi's algorithm).
  @inline(__always)
  private func bestWay<Score: BinaryFloatingPoint>(
    over text: [UInt8], _ unknown: Score, least: Score, score value: (Int32) -> Score
  ) -> [Step<Score>] {
    let bytes = text.span
    var ways = Array(repeating: Step<Score>(), count: bytes.count + 1)
    var steps = ways.mutableSpan
    var start = 0
    var reach = 0
    while start < bytes.count {
      if steps[start].score < least {
        let base = steps[start].score
        for index in start...reach where steps[index].start >= 0 { steps[index].score -= base }
      }
      let score = steps[start].score
      let from = Int32(truncatingIfNeeded: start)
      let next = min(start &+ Self.width(bytes[start]), bytes.count)
      var isCovered = false
      var node = CompactTrie.root
      var end = start
      while end < bytes.count, let unit = trie.step(from: node, bytes[end]) {
        node = unit.node
        end &+= 1
        guard unit.endsPiece else { continue }
        if end == next { isCovered = true }
        if end > reach { reach = end }
        steps[end].offer(
          score + value(trie.value(at: unit.index)), from: from, unit: unit.index)
      }
      if !isCovered {
        steps[next].offer(score + unknown, from: from, unit: -1)
        if next > reach { reach = next }
      }
      start = next
    }
    return ways
  }

  /// How many bytes a character has that begins with one.
  private static func width(_ lead: UInt8) -> Int {
    lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  /// Back along the best way.
  @inline(__always)
  private func segments<Score>(
    of word: Word, _ text: WordBytes, _ steps: [Step<Score>], id: (Int32) -> Int32
  ) -> [Segment] {
    var way: [Int] = []
    var end = text.bytes.count
    while end > 0 {
      way.append(end)
      end = Int(steps[end].start)
    }
    var segments: [Segment] = []
    segments.reserveCapacity(way.count)
    // Neighbours that are unknown stand together.
    var unknown: Range<Int>?
    for end in way.reversed() {
      let step = steps[end]
      let range = Int(text.places[Int(step.start)])..<Int(text.places[end])
      let id = step.unit < 0 ? pieces.unknown : Int(id(step.unit))
      if id == pieces.unknown {
        unknown = (unknown?.lowerBound ?? range.lowerBound)..<range.upperBound
        continue
      }
      if let run = unknown { append(unknown: run, of: word, to: &segments) }
      unknown = nil
      segments.append(Segment(id: id, range: range))
    }
    if let run = unknown { append(unknown: run, of: word, to: &segments) }
    return segments
  }

  private func append(unknown run: Range<Int>, of word: Word, to segments: inout [Segment]) {
    // Where every piece is found in text, the unknown one is too.
    if pieces.bytes != nil, case .double = scores, trie.id(of: word[run]) == pieces.unknown {
      segments.append(Segment(id: pieces.unknown, range: run))
    } else {
      pieces.appendUnknown(run, of: word, to: &segments)
    }
  }
}
