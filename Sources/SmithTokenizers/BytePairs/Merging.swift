extension BytePairs {
  /// Words of more pieces are merged with a queue, which costs more for a few and far less for many.
  private static let scanLimit = 48

  /// Merges the pieces from `first` on. `next` is room to work in, whose contents do not matter.
  func merge(_ pieces: inout [Piece], from first: Int, _ next: inout [PairTable.Merge]) {
    guard pieces.count - first <= Self.scanLimit else {
      var queue = MergeQueue(pieces[first...], merges)
      pieces.removeSubrange(first...)
      queue.finish(into: &pieces)
      return
    }
    next.removeAll(keepingCapacity: true)
    for index in first..<max(first, pieces.count - 1) {
      next.append(merges.merge(pieces[index].id, pieces[index + 1].id))
    }
    while true {
      var best = UInt32.max
      var place = 0
      for index in next.indices where next[index].rank < best {
        best = next[index].rank
        place = index
      }
      guard best < .max else { return }
      join(&pieces, first, place, &next)
    }
  }

  /// Makes one piece of the two at `place`, and asks what its neighbours would become with it.
  private func join(
    _ pieces: inout [Piece], _ first: Int, _ place: Int, _ next: inout [PairTable.Merge]
  ) {
    let left = first + place
    pieces[left].id = Int(next[place].id)
    pieces[left].end = pieces[left + 1].end
    pieces.remove(at: left + 1)
    next.remove(at: place)
    if place > 0 { next[place - 1] = merges.merge(pieces[left - 1].id, pieces[left].id) }
    if left + 1 < pieces.count {
      next[place] = merges.merge(pieces[left].id, pieces[left + 1].id)
    }
  }
}

/// Merging for long words: possible merges wait in a heap, the least rank and then the leftmost first; n log n in all.
struct MergeQueue {
  private struct Entry: Comparable {
    var rank: UInt32
    var place: Int32
    /// What the pair becomes: an entry whose pair has changed since is no longer of use.
    var id: UInt32

    /// What merges first is the greatest.
    static func < (left: Entry, right: Entry) -> Bool {
      left.rank != right.rank ? left.rank > right.rank : left.place > right.place
    }
  }

  private var pieces: [Piece]
  /// Neighbours that are left, -1 beyond the ends; a piece that was merged into its left neighbour is its own.
  private var next: [Int32]
  private var previous: [Int32]
  private var agenda = Heap<Entry>()
  private let merges: PairTable

  init(_ pieces: ArraySlice<Piece>, _ merges: PairTable) {
    self.pieces = Array(pieces)
    self.merges = merges
    let count = Int32(pieces.count)
    previous = (0..<count).map { $0 - 1 }
    next = (0..<count).map { $0 + 1 < count ? $0 + 1 : -1 }
    for place in 0..<max(0, count - 1) { push(place) }
  }

  /// Merges until nothing can be merged, and appends what is left.
  mutating func finish(into result: inout [Piece]) {
    while let entry = agenda.pop() {
      let left = Int(entry.place)
      let right = next[left]
      guard right >= 0, right != entry.place else { continue }
      let merge = merges.merge(pieces[left].id, pieces[Int(right)].id)
      guard merge.rank < .max, merge.id == entry.id else { continue }
      pieces[left].id = Int(merge.id)
      pieces[left].end = pieces[Int(right)].end
      next[left] = next[Int(right)]
      next[Int(right)] = right
      if next[left] >= 0 { previous[Int(next[left])] = entry.place }
      if previous[left] >= 0 { push(previous[left]) }
      if next[left] >= 0 { push(entry.place) }
    }
    var place: Int32 = pieces.isEmpty ? -1 : 0
    while place >= 0 {
      result.append(pieces[Int(place)])
      place = next[Int(place)]
    }
  }

  /// Queues the merge of a piece with the one after it, if they have one.
  private mutating func push(_ place: Int32) {
    let right = Int(next[Int(place)])
    let merge = merges.merge(pieces[Int(place)].id, pieces[right].id)
    guard merge.rank < .max else { return }
    agenda.push(Entry(rank: merge.rank, place: place, id: merge.id))
  }
}
