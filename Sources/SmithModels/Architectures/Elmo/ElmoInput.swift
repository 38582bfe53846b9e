import SmithBytes

/// What ELMo reads: sentences of words of characters. A character is a byte of UTF-8 or a marker, plus one; 0 is none (models §11).
public struct ElmoInput: Hashable, Sendable {
  /// Character ids [B, S, C], without the sentences' own markers. Where a sentence has ended, words are all zeros.
  public var characters: [[[Int]]]

  public init(characters: [[[Int]]]) { self.characters = characters }

  /// Sentences of different lengths, filled up on the right.
  ///
  /// - Parameters:
  ///   - sentences: The words of each.
  ///   - wordLength: C, of which two are the begin and end of a word; longer words are cut.
  public init(words sentences: [[String]], wordLength: Int = 50) {
    let length = sentences.map(\.count).max() ?? 0
    characters = sentences.map { sentence in
      let words = sentence.map { Self.characters(of: $0, wordLength: wordLength) }
      let none = [Int](repeating: 0, count: max(0, wordLength))
      return words + [[Int]](repeating: none, count: length - words.count)
    }
  }

  /// Sentences that begin and end with their markers, as bilm's `char_ids`; nil if any does not.
  public init?(marked sentences: [[[Int]]]) {
    var bare: [[[Int]]] = []
    for sentence in sentences {
      let count = Self.wordCount(sentence)
      let wordLength = sentence.first?.count ?? 0
      guard count >= 2, sentence[0] == Self.marker(Self.sentenceBegin, wordLength: wordLength),
        sentence[count - 1] == Self.marker(Self.sentenceEnd, wordLength: wordLength)
      else { return nil }
      bare.append(Array(sentence[1..<count - 1] + sentence[(count)...]))
    }
    characters = bare
  }

  /// B
  public var batch: Int { characters.count }

  /// S
  public var length: Int { characters.first?.count ?? 0 }

  /// The words of each sentence.
  public var lengths: [Int] { characters.map(Self.wordCount) }

  /// How many words a sentence has before its padding.
  static func wordCount(_ sentence: [[Int]]) -> Int {
    (sentence.lastIndex { $0.contains { $0 != 0 } } ?? -1) + 1
  }

  /// 1 where there is a word: [B, S] for what is put out, [B, S + 2] with the markers for everything before.
  func mask(of tap: String) -> [[Int]] {
    let markers = ElmoTaps.isOutput(tap) ? 0 : 2
    return lengths.map { count in
      (0..<length + markers).map { $0 < count + markers ? 1 : 0 }
    }
  }
}

extension ElmoInput {
  // What stands beside the 256 bytes.
  static let sentenceBegin = 256
  static let sentenceEnd = 257
  static let wordBegin = 258
  static let wordEnd = 259
  static let wordPadding = 260

  /// A word's characters. `<S>` and `</S>` are the sentence markers, as in both original programs.
  static func characters(of word: String, wordLength: Int) -> [Int] {
    switch word {
    case "<S>": marker(sentenceBegin, wordLength: wordLength)
    case "</S>": marker(sentenceEnd, wordLength: wordLength)
    default:
      spelled(word.utf8.prefix(max(0, wordLength - 2)).map { Int($0) }, wordLength: wordLength)
    }
  }

  /// A sentence marker is a word of one character that no text has.
  static func marker(_ character: Int, wordLength: Int) -> [Int] {
    spelled([character], wordLength: wordLength)
  }

  static func spelled(_ characters: [Int], wordLength: Int) -> [Int] {
    let word = [wordBegin] + characters + [wordEnd]
    let padding = [Int](repeating: wordPadding, count: max(0, wordLength - word.count))
    return (word + padding).map { $0 + 1 }
  }

  /// The words of all sentences one after the other, each sentence within its markers [N, C], and how many each has.
  func marked(wordLength: Int) -> (words: [[Int]], lengths: [Int]) {
    let begin = Self.marker(Self.sentenceBegin, wordLength: wordLength)
    let end = Self.marker(Self.sentenceEnd, wordLength: wordLength)
    var words: [[Int]] = []
    for (sentence, count) in zip(characters, lengths) {
      words.append(begin)
      words += sentence.prefix(count)
      words.append(end)
    }
    return (words, lengths.map { $0 + 2 })
  }

  /// Throws `.usage`, naming sentence, word and character, for whatever the model has no place for.
  func check(against configuration: ElmoConfiguration) throws(SmithError) {
    guard batch > 0 else { throw SmithError(.usage, "the input has no sentences") }
    for (index, sentence) in characters.enumerated() {
      let place = Place(item: "sentence \(index)")
      guard sentence.count == length else {
        throw SmithError(
          .usage, "\(sentence.count) words, the first sentence has \(length)", at: place,
          remedy: "ElmoInput(words:) fills sentences up")
      }
      let count = Self.wordCount(sentence)
      for (word, characters) in sentence.enumerated() {
        do throws(SmithError) {
          try check(characters, isWord: word < count, configuration)
        } catch { throw error.at(item: "sentence \(index), word \(word)") }
      }
    }
  }

  private func check(
    _ word: [Int], isWord: Bool, _ configuration: ElmoConfiguration
  ) throws(SmithError) {
    guard word.count == configuration.wordLength else {
      throw SmithError(
        .usage, "\(word.count) characters, the model reads \(configuration.wordLength)",
        remedy: "ElmoInput(words:, wordLength: \(configuration.wordLength))")
    }
    let allowed = isWord ? 1...configuration.characterCount : 0...0
    if let at = word.firstIndex(where: { !allowed.contains($0) }) {
      throw SmithError(
        .usage,
        "character \(word[at]) at \(at), expected \(allowed.lowerBound) to \(allowed.upperBound)")
    }
  }
}
