import SmithBytes

/// GPT-2's pieces under fairseq's ids: `dict.txt` lists GPT-2's ids, the most frequent first, after four special tokens (models §13.2; fairseq
/// data/dictionary.py `Dictionary`).
struct FairseqDictionary: TokenizerModel {
  static let name = "dict.txt"
  private static let specials = ["<s>", "<pad>", "</s>", "<unk>"]
  private static let unknown = 3

  let vocabulary: Vocabulary
  private let model: BytePairs
  /// fairseq's id of each of GPT-2's.
  private let ids: [Int]

  /// - Throws: `.malformed` for a line that is no word and count.
  init(_ model: BytePairs, in folder: TokenizerFolder) throws(SmithError) {
    self.model = model
    var ids = Array(repeating: Self.unknown, count: model.vocabulary.count)
    var pieces = Self.specials
    for (index, line) in try folder.lines(Self.name).enumerated() {
      // "#fairseq:overwrite" may follow the count.
      let fields = line.split(separator: " ")
      guard fields.count >= 2, Int(fields[1]) != nil else {
        throw SmithError(
          .malformed, "line \(index + 1) is no word and count: \(line.prefix(60))",
          at: Place(file: folder.path.appending(path: Self.name)))
      }
      if let id = Int(fields[0]), let piece = model.vocabulary.piece(id) {
        ids[id] = pieces.count
        pieces.append(piece)
      } else {
        pieces.append(String(fields[0]))
      }
    }
    // The task of masked words adds its token to what the dictionary holds.
    if !pieces.contains("<mask>") { pieces.append("<mask>") }
    vocabulary = try Vocabulary(pieces)
    self.ids = ids
  }

  func encode(_ word: Word, into pieces: inout [Piece]) {
    let first = pieces.count
    model.encode(word, into: &pieces)
    for index in first..<pieces.count { pieces[index].id = ids[pieces[index].id] }
  }
}
