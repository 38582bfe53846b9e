import SmithBytes

/// SentencePiece's BPE: of all neighbours that together are a piece those with the greatest score merge first, the leftmost of equals;
/// pieces that are not used fall apart again (models §13.4; sentencepiece/src/bpe_model.cc).
struct SentencePieceBPE: SegmentingModel {
  let pieces: ScoredPieces
  /// What neighbours may merge to.
  private let trie: PieceTrie
  /// What never merges, where there is such a thing.
  private let verbatim: PieceTrie?
  private let hasUnused: Bool
  /// Whether `▁` stands only at the beginning of pieces: then nothing merges across one, and words are cut by themselves.
  private let splitsAtSpaces: Bool

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
    guard splitsAtSpaces else {
      append(word, to: &segments)
      return segments
    }
    var start = word.startIndex
    for index in word.indices.dropFirst()
    where word[index].scalar == ScoredPieces.space && word[index - 1].scalar != ScoredPieces.space {
      append(word[start..<index], to: &segments)
      start = index
    }
    append(word[start...], to: &segments)
    return segments
  }

  private func append(_ word: Word, to segments: inout [Segment]) {
    var merging = Merging(word, trie, pieces.scores)
    merging.split(verbatim: verbatim)
    merging.merge()
    let splits = hasUnused ? merging.splits(of: pieces.kinds) : [:]
    var open: [Range<Int>] = []
    for range in merging.ranges {
      open.append(range)
      while let range = open.popLast() {
        guard let id = id(of: word[range]) else {
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

  private func id(of word: Word) -> Int? {
    var node = PieceTrie.root
    for element in word {
      guard let next = trie.step(from: node, element.scalar) else { return nil }
      node = next
    }
    return trie.id(at: node)
  }
}

/// The symbols of a word while they merge.
private struct Merging {
  /// Two neighbours that may merge.
  struct Pair: Comparable {
    let score: Float
    let left: Int32
    let right: Int32
    /// How far both reach: another end tells that one of them has changed.
    let end: Int32

    /// What merges first is the greatest.
    static func < (one: Pair, other: Pair) -> Bool {
      one.score != other.score ? one.score < other.score : one.left > other.left
    }
  }

  struct Symbol {
    /// In the word, from 0.
    var start: Int32
    /// The start where it has gone into another one.
    var end: Int32
    var previous: Int32
    var next: Int32
    /// Where its characters lead in the trie, if they begin a piece and may merge.
    var node: UInt32?
    var isVerbatim = false
  }

  /// A merge that made a piece.
  struct Made {
    let id: Int
    /// Code points of its left half.
    let count: Int
  }

  let word: Word
  let trie: PieceTrie
  let scores: [Float]
  var symbols: [Symbol] = []
  var agenda = Heap<Pair>()
  var made: [Made] = []

  init(_ word: Word, _ trie: PieceTrie, _ scores: [Float]) {
    self.word = word
    self.trie = trie
    self.scores = scores
  }

  /// Every character is a symbol, every verbatim piece one.
  mutating func split(verbatim: PieceTrie?) {
    symbols.reserveCapacity(word.count)
    var start = word.startIndex
    while start < word.endIndex {
      var symbol = Symbol(
        start: Int32(start - word.startIndex), end: 0, previous: Int32(symbols.count) - 1,
        next: Int32(symbols.count) + 1)
      if let end = verbatim?.longest(in: word[start...]) {
        symbol.isVerbatim = true
        start = end
      } else {
        symbol.node = trie.step(from: PieceTrie.root, word[start].scalar)
        start += 1
      }
      symbol.end = Int32(start - word.startIndex)
      symbols.append(symbol)
    }
    if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
  }

  mutating func merge() {
    for index in symbols.indices.dropFirst() { offer(Int32(index - 1), Int32(index)) }
    while let pair = agenda.pop() {
      let left = symbols[Int(pair.left)]
      let right = symbols[Int(pair.right)]
      guard left.end > left.start, left.end == right.start, right.end == pair.end else { continue }
      symbols[Int(pair.left)].end = right.end
      symbols[Int(pair.left)].next = right.next
      symbols[Int(pair.left)].node = node(from: left.node, right)
      symbols[Int(pair.right)].end = right.start
      if right.next >= 0 { symbols[Int(right.next)].previous = pair.left }
      offer(left.previous, pair.left)
      offer(pair.left, right.next)
    }
  }

  /// Puts two neighbours on the agenda if they make a piece.
  private mutating func offer(_ left: Int32, _ right: Int32) {
    guard left >= 0, right >= 0 else { return }
    let one = symbols[Int(left)]
    let other = symbols[Int(right)]
    guard !one.isVerbatim, !other.isVerbatim, let node = node(from: one.node, other),
      let id = trie.id(at: node)
    else { return }
    agenda.push(Pair(score: scores[id], left: left, right: right, end: other.end))
    made.append(Made(id: id, count: Int(one.end - one.start)))
  }

  /// Where the characters of a symbol lead from a node.
  private func node(from start: UInt32?, _ symbol: Symbol) -> UInt32? {
    guard var node = start else { return nil }
    let first = word.startIndex
    for index in (first + Int(symbol.start))..<(first + Int(symbol.end)) {
      guard let next = trie.step(from: node, word[index].scalar) else { return nil }
      node = next
    }
    return node
  }

  /// How unused pieces fall apart: as they would last have been made, wherever in the text that was.
  func splits(of kinds: [ScoredPieces.Kind]) -> [Int: Int] {
    var splits: [Int: Int] = [:]
    for one in made where kinds[one.id] == .unused { splits[one.id] = one.count }
    return splits
  }

  /// The symbols that are left, as indices of the word.
  var ranges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var index: Int32 = symbols.isEmpty ? -1 : 0
    while index >= 0 {
      let symbol = symbols[Int(index)]
      ranges.append(
        (word.startIndex + Int(symbol.start))..<(word.startIndex + Int(symbol.end)))
      index = symbol.next
    }
    return ranges
  }
}

extension PieceTrie {
  /// The end of the longest piece that a word begins with.
  func longest(in word: Word) -> Int? {
    var node = PieceTrie.root
    var best: Int?
    for index in word.indices {
      guard let next = step(from: node, word[index].scalar) else { break }
      node = next
      if id(at: node) != nil { best = index + 1 }
    }
    return best
  }
}
