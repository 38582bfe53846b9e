import SmithBytes

extension DialectMatch {
  /// Names of heads in a message at most.
  private static let shown = 8

  /// What stands in the places that take text, where there is one choice left.
  var words: [String: String] {
    Dictionary(bindings.flatMap { Array($0.words) }, uniquingKeysWith: { first, _ in first })
  }

  /// Keeps one of several heads that differ in nothing but the name somebody gave them; the tensors of the others are then ignored.
  ///
  /// - Parameters:
  ///   - asked: The user's choice by the setting's key.
  ///   - usual: The configuration's own word, which counts where there is such a head.
  /// - Returns: Notes on what was chosen without being asked for.
  /// - Throws: `.usage` where there are several and nothing chooses, and for a choice that is not there.
  mutating func chooseWords(
    asked: (String) -> String?, usual: (String) -> String?
  ) throws(SmithError) -> [String] {
    var notes: [String] = []
    for (place, word) in dialect.words.sorted(by: { $0.key < $1.key }) {
      let found = Set(bindings.compactMap { $0.words[place] }).sorted()
      let names =
        found.prefix(Self.shown).joined(separator: ", ") + (found.count > Self.shown ? ", …" : "")
      var chosen = found.count == 1 ? found[0] : nil
      if let asked = asked(word.key), !found.isEmpty {
        guard found.contains(asked) else {
          throw SmithError(.usage, "--set \(word.key)=\(asked): the \(word.what) are \(names)")
        }
        chosen = asked
      } else if found.count > 1, let usual = usual(word.key), found.contains(usual) {
        chosen = usual
        notes.append(
          "of the \(word.what) \(names) the configuration's own is read, \(usual): --set \(word.key)=NAME chooses another"
        )
      }
      if let chosen {
        keep(chosen, at: place, of: word)
      } else if found.count > 1 {
        throw SmithError(
          .usage, "the checkpoint holds several \(word.what): \(names)",
          remedy: found.prefix(2).map { "--set \(word.key)=\($0)" }.joined(separator: ", or "))
      }
    }
    return notes
  }

  private mutating func keep(_ chosen: String, at place: String, of word: Dialect.Word) {
    let others = bindings.filter { $0.words[place].map { $0 != chosen } ?? false }
    ignored += others.map { ($0.stored, "another one of the \(word.what) was chosen, \(chosen)") }
    bindings.removeAll { $0.words[place].map { $0 != chosen } ?? false }
  }
}
