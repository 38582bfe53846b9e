import SmithBytes

/// The pieces of a tokenizer by id, and the ids by piece.
public struct Vocabulary: Sendable {
  /// By id; an id that no piece has is empty.
  public private(set) var pieces: [String]
  /// Which piece stands for a text, and all that a text begins with.
  private(set) var trie: PieceTrie

  /// More pieces than any vocabulary has.
  static let countLimit = 4 << 20

  /// Longer pieces, in bytes, are no vocabulary's, and cost their length at every place of a text.
  static let lengthLimit = 2 << 10

  /// A piece for each id from 0. Of two pieces with the same bytes the last is found, as in the originals' dictionaries.
  init(_ pieces: [String]) throws(SmithError) {
    try self.init(pieces.enumerated().map { ($1, $0) })
  }

  /// Pieces with their ids, in any order.
  ///
  /// - Throws: `.malformed` for two pieces of one id or an id far beyond the count of pieces, `.limit` for too many.
  init(_ entries: [(piece: String, id: Int)]) throws(SmithError) {
    guard entries.count <= Self.countLimit else {
      throw SmithError(.limit, "\(entries.count) pieces in a vocabulary")
    }
    let greatest = entries.lazy.map(\.id).max() ?? -1
    // Holes are left by tokens that are added later; an id in the millions among a few pieces is a mistake or an attack.
    guard greatest < 2 * entries.count + 4096, entries.allSatisfy({ $0.id >= 0 }) else {
      throw SmithError(.malformed, "an id of \(greatest) among \(entries.count) pieces")
    }
    let count = greatest + 1
    if let long = entries.first(where: { $0.piece.utf8.count > Self.lengthLimit }) {
      throw SmithError(
        .limit, "the piece of id \(long.id) has \(long.piece.utf8.count) bytes")
    }
    pieces = Array(repeating: "", count: count)
    var isTaken = Array(repeating: false, count: count)
    trie = PieceTrie(expecting: entries.reduce(0) { $0 + $1.piece.utf8.count })
    for (piece, id) in entries.reversed() {
      guard !isTaken[id] else {
        throw SmithError(.malformed, "two pieces with the id \(id)", at: Place(item: piece))
      }
      isTaken[id] = true
      pieces[id] = piece
      _ = try trie.insert(piece.utf8, id: Int32(id))
    }
  }

  public var count: Int { pieces.count }

  /// The id of a piece, byte for byte.
  public func id(of piece: String) -> Int? { trie.id(of: piece.utf8) }

  /// The piece of an id, if there is one.
  public func piece(_ id: Int) -> String? { pieces.indices.contains(id) ? pieces[id] : nil }
}
