/// The symbols of a word while they merge.
struct ScoreMerging {
  /// Two neighbours that may merge.
  private struct Pair: Comparable {
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

  private struct Symbol {
    /// The word's indices; the end is the start where it has gone into another one.
    var start: Int32
    var end: Int32
    var previous: Int32
    var next: Int32
    /// Where its characters lead in the trie, if they begin a piece.
    var unit: CompactTrie.Unit?
    var isVerbatim = false
  }

  private let trie: CompactTrie
  private let scores: [Float]
  /// Whether it must be known later how pieces were made: their ids, and the code points of their left halves.
  var remembers = false
  private var made: [(id: Int, count: Int)] = []
  private var symbols: [Symbol] = []
  private var agenda = Heap<Pair>()

  init(_ trie: CompactTrie, _ scores: [Float]) {
    self.trie = trie
    self.scores = scores
  }

  mutating func merge(_ word: Word, verbatim: CompactTrie?) {
    split(word, verbatim)
    for index in symbols.indices.dropFirst() { offer(Int32(index - 1), Int32(index), word) }
    while let pair = agenda.pop() {
      let left = symbols[Int(pair.left)]
      let right = symbols[Int(pair.right)]
      guard left.end > left.start, left.end == right.start, right.end == pair.end else { continue }
      symbols[Int(pair.left)].end = right.end
      symbols[Int(pair.left)].next = right.next
      symbols[Int(pair.left)].unit = unit(from: left.unit, right, word)
      symbols[Int(pair.right)].end = right.start
      if right.next >= 0 { symbols[Int(right.next)].previous = pair.left }
      offer(left.previous, pair.left, word)
      offer(pair.left, right.next, word)
    }
  }

  /// Every character is a symbol, every verbatim piece one.
  private mutating func split(_ word: Word, _ verbatim: CompactTrie?) {
    symbols.removeAll(keepingCapacity: true)
    made.removeAll(keepingCapacity: true)
    var start = word.startIndex
    while start < word.endIndex {
      var symbol = Symbol(
        start: Int32(start), end: 0, previous: Int32(symbols.count) - 1,
        next: Int32(symbols.count) + 1)
      if let end = verbatim?.longest(in: word[start...]) {
        symbol.isVerbatim = true
        start = end
      } else {
        symbol.unit = trie.step(from: CompactTrie.root, word[start].scalar)
        start += 1
      }
      symbol.end = Int32(start)
      symbols.append(symbol)
    }
    if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
  }

  /// Puts two neighbours on the agenda if they make a piece.
  private mutating func offer(_ left: Int32, _ right: Int32, _ word: Word) {
    guard left >= 0, right >= 0 else { return }
    let one = symbols[Int(left)]
    let other = symbols[Int(right)]
    guard !one.isVerbatim, !other.isVerbatim, let unit = unit(from: one.unit, other, word),
      let id = trie.id(at: unit)
    else { return }
    agenda.push(Pair(score: scores[id], left: left, right: right, end: other.end))
    if remembers { made.append((id, Int(one.end - one.start))) }
  }

  /// Where the characters of a symbol lead from a place in the trie.
  @inline(__always)
  private func unit(
    from start: CompactTrie.Unit?, _ symbol: Symbol, _ word: Word
  ) -> CompactTrie.Unit? {
    guard var unit = start else { return nil }
    for index in Int(symbol.start)..<Int(symbol.end) {
      guard let next = trie.step(from: unit.node, word[index].scalar) else { return nil }
      unit = next
    }
    return unit
  }

  /// How unused pieces fall apart: as they would last have been made, wherever in the text that was.
  func splits(of kinds: [ScoredPieces.Kind]) -> [Int: Int] {
    var splits: [Int: Int] = [:]
    for one in made where kinds[one.id] == .unused { splits[one.id] = one.count }
    return splits
  }

  /// Whether all has merged into one piece.
  var isOne: Bool { symbols.first.map { $0.next < 0 && $0.unit?.endsPiece == true } ?? false }

  /// The symbols that are left: the word's indices, and the id of the piece that they are.
  func forEach(_ body: (Range<Int>, Int?) -> Void) {
    var index: Int32 = symbols.isEmpty ? -1 : 0
    while index >= 0 {
      let symbol = symbols[Int(index)]
      body(Int(symbol.start)..<Int(symbol.end), symbol.unit.flatMap(trie.id))
      index = symbol.next
    }
  }
}
