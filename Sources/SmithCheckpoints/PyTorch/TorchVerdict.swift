/// What a pickle would have run elsewhere, for people who must decide whether to trust a file.
struct TorchVerdict {
  private static let shown = 8

  /// Globals outside the table, each once, in the order met.
  private(set) var foreign: [String] = []
  private var seen: Set<String> = []
  private var hasScriptClasses = false

  /// `isScript` for TorchScript archives, whose classes are their own.
  mutating func add(_ pickle: Pickle, isScript: Bool) {
    for (symbol, meaning) in zip(pickle.symbols, pickle.meanings) where meaning == nil {
      let isOwn = symbol.module == "__torch__" || symbol.module.hasPrefix("__torch__.")
      if isScript, isOwn {
        hasScriptClasses = true
      } else if seen.insert(symbol.text).inserted {
        foreign.append(symbol.text)
      }
    }
  }

  mutating func merge(_ other: TorchVerdict) {
    for name in other.foreign where seen.insert(name).inserted { foreign.append(name) }
    hasScriptClasses = hasScriptClasses || other.hasScriptClasses
  }

  var notes: [String] {
    var notes: [String] = []
    if foreign.isEmpty {
      notes.append("pickle: only tensors, containers, numbers and text")
    } else {
      let names = foreign.prefix(Self.shown).map { String($0.prefix(100)) }
      let more = foreign.count > names.count ? ", and \(foreign.count - names.count) more" : ""
      notes.append(
        "pickle: names foreign code, which was not executed: "
          + names.joined(separator: ", ") + more)
    }
    if hasScriptClasses { notes.append("TorchScript: its program (code/) was not read") }
    return notes
  }
}
