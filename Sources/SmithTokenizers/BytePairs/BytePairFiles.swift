import SmithBytes

/// A byte-pair vocabulary in two files: pieces with their ids, and merges, one a line. GPT-2, RoBERTa and GPT-1 have them (models §13.2, §13.3).
struct BytePairFiles: TokenizerFormat {
  let name = "vocab.json with merges.txt"
  let families = BytePairConvention.all.flatMap(\.families)

  /// How the two files are called: by Hugging Face, by OpenAI for GPT-2, by OpenAI for GPT-1. What stands before `pieces` in a name stands
  /// before `merges` too.
  private static let names: [(pieces: String, merges: String)] = [
    ("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"),
    ("encoder_bpe_40000.json", "vocab_40000.bpe"),
  ]

  func file(in folder: TokenizerFolder) -> String? {
    for pair in Self.names {
      for name in folder.names.sorted(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) })
      where name.hasSuffix(pair.pieces) {
        if let files = Self.files(name), folder.names.contains(files.merges) { return name }
      }
    }
    return nil
  }

  func claims(_ name: String, beginning: [UInt8]) -> Bool { Self.files(name) != nil }

  /// Both names, from either.
  private static func files(_ name: String) -> (pieces: String, merges: String)? {
    for pair in names {
      for ending in [pair.pieces, pair.merges] where name.hasSuffix(ending) {
        let prefix = name.dropLast(ending.count)
        return (prefix + pair.pieces, prefix + pair.merges)
      }
    }
    return nil
  }

  func open(_ name: String, in folder: TokenizerFolder) throws(SmithError) -> Tokenizer {
    guard let files = Self.files(name) else {
      throw SmithError(.unsupported, "no byte-pair vocabulary by its name")
    }
    for other in [files.pieces, files.merges] where !folder.names.contains(other) {
      throw SmithError(.missing, "a byte-pair vocabulary needs \(other) beside \(name)")
    }
    let vocabulary = try Self.vocabulary(files.pieces, in: folder)
    let merges = try Self.merges(files.merges, in: folder)
    let convention = BytePairConvention.of(vocabulary, folder)
    let isFairseq =
      files.pieces == "encoder.json" && folder.names.contains(FairseqDictionary.name)
    let options = isFairseq ? BytePairs.Options() : convention.options(vocabulary)
    let model: BytePairs
    do throws(SmithError) {
      model = try BytePairs(vocabulary, merges: merges, options: options)
    } catch { throw error.at(file: folder.path.appending(path: files.merges)) }
    guard isFairseq else { return try convention.tokenizer(model, folder) }
    return try BytePairConvention.roberta.tokenizer(
      try FairseqDictionary(model, in: folder), folder)
  }

  private static func vocabulary(
    _ name: String, in folder: TokenizerFolder
  ) throws(SmithError) -> Vocabulary {
    do throws(SmithError) { return try Models.vocabulary(try JSON.parse(folder.bytes(name))) } catch
    { throw error.at(file: folder.path.appending(path: name)) }
  }

  /// Lines of two pieces with a space between; the first may tell a version, and empty ones at the end are none.
  private static func merges(
    _ name: String, in folder: TokenizerFolder
  ) throws(SmithError) -> [(String, String)] {
    var lines = try folder.lines(name)[...]
    if lines.first?.hasPrefix("#version") == true { lines = lines.dropFirst() }
    while lines.last?.isEmpty == true { lines = lines.dropLast() }
    do throws(SmithError) {
      var merges: [(String, String)] = []
      merges.reserveCapacity(lines.count)
      for line in lines { merges.append(try BytePairs.pair(line, merges.count + 1)) }
      return merges
    } catch { throw error.at(file: folder.path.appending(path: name)) }
  }
}

/// What Hugging Face's classes do around a byte-pair vocabulary that no file tells.
struct BytePairConvention: Sendable {
  /// The family as configurations name it.
  var families: Set<String>
  /// Pieces that only its vocabularies have.
  var telling: [String]
  /// The special tokens that are looked for in a text, where the vocabulary has them.
  var specials: [String]
  /// Special tokens by role, where no file names others.
  var roles: [String: String] = [:]
  /// Whether pieces are made of letters for bytes, else of the text's own.
  var isByteLevel = true
  var template: @Sendable (_ id: (String) -> Int?) -> TokenTemplate?

  static let roberta = BytePairConvention(
    families: ["roberta"], telling: ["<s>", "</s>"],
    specials: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    roles: ["cls": "<s>", "sep": "</s>"]
  ) { id in
    guard let cls = id("cls"), let sep = id("sep") else { return nil }
    return .roberta(cls: cls, sep: sep)
  }
  static let gpt1 = BytePairConvention(
    families: ["openai-gpt", "gpt1"], telling: [".</w>"], specials: ["<unk>"],
    isByteLevel: false
  ) { _ in nil }
  static let gpt2 = BytePairConvention(
    families: ["gpt2"], telling: [], specials: ["<|endoftext|>"]
  ) { _ in nil }

  /// The most telling first.
  static let all = [roberta, gpt1, gpt2]

  static func of(_ vocabulary: Vocabulary, _ folder: TokenizerFolder) -> BytePairConvention {
    all.first { folder.family.map($0.families.contains) ?? false }
      ?? all.first { $0.telling.allSatisfy { vocabulary.id(of: $0) != nil } } ?? gpt2
  }

  func options(_ vocabulary: Vocabulary) -> BytePairs.Options {
    var options = BytePairs.Options()
    if !isByteLevel {
      options.ending = "</w>"
      if vocabulary.id(of: "<unk>") != nil { options.unknown = "<unk>" }
    }
    return options
  }

  /// - Throws: `.limit` for too many added tokens.
  func tokenizer(
    _ model: any TokenizerModel, _ folder: TokenizerFolder
  ) throws(SmithError) -> Tokenizer {
    let added = folder.added
    func id(_ text: String) -> Int? {
      added.first { Exactly.equal($0.content, text) }?.id ?? model.vocabulary.id(of: text)
    }
    let named = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].compactMap {
      folder.special($0 + "_token")
    }
    let known = (named + specials).compactMap { text in
      id(text).map { id in
        var token = AddedToken(id: id, content: text)
        // As RoBERTa reads it: the space before a mask belongs to it.
        token.stripsLeft = text == "<mask>"
        return token
      }
    }
    let normalizers: [any Normalizer] = isByteLevel ? [] : [BertNormalizer()]
    let addsSpace = folder.setting("add_prefix_space")?.boolValue ?? false
    var template = template { role in (folder.special(role + "_token") ?? roles[role]).flatMap(id) }
    template?.trimming = OffsetTrimming(addsSpace: addsSpace)
    return Tokenizer(
      model: model, added: try AddedTokens(added + known, normalizers: normalizers),
      normalizers: normalizers,
      splitters: isByteLevel ? [ByteLevelSplitter(addsSpace: addsSpace)] : [BertSplitter()],
      template: template ?? .bare,
      decoders: isByteLevel ? [ByteLevelDecoder()] : [BytePairDecoder()])
  }
}
