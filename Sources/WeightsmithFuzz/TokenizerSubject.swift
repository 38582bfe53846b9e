import SmithBytes
import SmithTokenizers

/// All tokenizer files: a folder of them is opened as each kind, and cuts a text that is in the folder too.
struct TokenizerSubject: Subject {
  let name = "tokenizers"
  let file: String? = nil

  private static let textFile = "text"
  /// What every seed begins with; the fuzzer changes it.
  private static let text =
    "Hello, wörld! It's  2,\u{A0}345 of\r\n[MASK] <mask> ▁日本語 \u{1F469}\u{200D}\u{1F467} e\u{301}\u{FB01}"
  /// The families whose conventions differ; the length of the text chooses one.
  private static let families: [String?] = [
    nil, "albert", "xlnet", "t5", "llama", "roberta", "gpt2",
  ]
  /// Cutting is linear in the text, but an added token for every place is not.
  private static let mostText = 4096

  /// A file that opens, with the others of its stem: `x.vocab.json` and `x.merges.txt`.
  func seed(of path: String) -> [(name: String, bytes: [UInt8])]? {
    guard FolderListing.isFile(path), (try? Tokenizer.open(path)) != nil else { return nil }
    let stem = path.lastComponent.prefix { $0 != "." }
    var files = [(name: Self.textFile, bytes: Array(Self.text.utf8))]
    let names = FolderListing.names(in: path.parentFolder)
    for name in names.sorted()
    where name.hasPrefix(stem) || name == "tokenizer_config.json" {
      let isOurs = name == path.lastComponent || !name.hasSuffix(".cases.json")
      guard isOurs, let bytes = Seeds.bytes(path.parentFolder.appending(path: name)) else {
        continue
      }
      files.append((name, bytes))
    }
    return files
  }

  func read(_ folder: String) throws(SmithError) {
    let names = FolderListing.names(in: folder).sorted().filter { $0 != Self.textFile }
    let bytes = Seeds.bytes(folder.appending(path: Self.textFile)) ?? []
    let text = String(decoding: bytes.prefix(Self.mostText), as: UTF8.self)
    let family = Self.families[bytes.count % Self.families.count]
    if let (tokenizer, _) = try? Tokenizer.find(in: TokenizerFolder(folder, family: family)) {
      read(text, tokenizer)
    }
    // The last error is the run's; one file that is none must not hide the others.
    var failure: SmithError?
    for name in names {
      do throws(SmithError) { read(text, try Tokenizer.open(folder.appending(path: name))) } catch {
        precondition(!error.description.isEmpty)
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func read(_ text: String, _ tokenizer: Tokenizer) {
    let whole = tokenizer.encode(text, pair: text)
    let count = text.unicodeScalars.count
    precondition(whole.ids.allSatisfy { $0 >= 0 })
    precondition(whole.ids.count == whole.offsets.count && whole.ids.count == whole.types.count)
    precondition(whole.offsets.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= count })
    _ = tokenizer.decode(whole.ids)
    _ = tokenizer.decode(Array(0..<min(tokenizer.count, 512)), skippingSpecial: false)
    let most = max(7, tokenizer.template.specials(around: 1))
    precondition(tokenizer.encode(text, maximum: 7).ids.count <= most)
  }
}
