import SmithBytes

/// A SentencePiece model with its family's conventions: ALBERT, XLNet, T5, LLaMA, XLM-R and others come with one (models §13.4).
struct SentencePieceFormat: TokenizerFormat {
  let name = "SentencePiece model"
  let families = SentencePieceConvention.all.flatMap(\.families)

  /// What the families' files are called.
  private static let names = [
    "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "30k-clean.model",
    "sentencepiece.model", "spm.model",
  ]

  func file(in folder: TokenizerFolder) -> String? {
    if let known = Self.names.first(where: folder.names.contains) { return known }
    let others = folder.names.filter { $0.hasSuffix(".model") }
    return others.count == 1 ? others.first : nil
  }

  func claims(_ name: String, beginning: [UInt8]) -> Bool { name.hasSuffix(".model") }

  func open(_ name: String, in folder: TokenizerFolder) throws(SmithError) -> Tokenizer {
    let bytes = try folder.bytes(name)
    // A message's first field, with a length: LLaMA 3's tokenizer.model is a text.
    guard bytes.isEmpty || bytes[0] & 7 == 2 else {
      throw SmithError(
        .unsupported, "no SentencePiece model", remedy: "the tokenizer.json of the same model")
    }
    let model = try ModelProto(bytes)
    let convention = SentencePieceConvention.of(model, file: name, family: folder.family)
    return try Tokenizer(model, convention, folder)
  }
}

extension Tokenizer {
  /// A SentencePiece model as a family uses it.
  ///
  /// - Throws: `.missing` without a piece that the convention puts around a text, and what the model's parts throw.
  init(
    _ model: ModelProto, _ convention: SentencePieceConvention, _ folder: TokenizerFolder
  ) throws(SmithError) {
    let pieces = try ScoredPieces(
      convention.before + model.pieces.dropFirst(convention.dropsPieces) + convention.after,
      fallsBackToBytes: model.fallsBackToBytes)
    var normalizer = try SentencePieceNormalizer(
      model.normalizer, treatsSpaceAsSuffix: model.treatsSpaceAsSuffix)
    if pieces.kinds.contains(.userDefined) {
      normalizer.verbatim = try pieces.trie(of: [.userDefined])
    }
    let segmenting = try model.segmenting(pieces)
    let cleaning = convention.cleaning.map { $0.changed(by: folder) }
    let goesOn = convention.knowsLegacy && folder.setting("legacy")?.boolValue == false
    var splitters: [any Splitter] = []
    if goesOn {
      if normalizer.prefix == .front, folder.setting("add_prefix_space")?.boolValue ?? true {
        splitters = [FirstSpace(joinsSpaces: normalizer.joinsFirstSpace)]
      }
      normalizer.prefix = .none
      normalizer.keepsFirstSpace = true
    }
    let specials = convention.specials(pieces.vocabulary, folder)
    self.init(
      model: convention.splitsCommas
        ? CommaRule(model: segmenting, normalizer: normalizer, unknown: pieces.unknown)
        : segmenting,
      added: try AddedTokens(specials.tokens),
      normalizers: (cleaning.map { [$0] } ?? []) + [normalizer], splitters: splitters,
      template: try convention.template(specials.ids, folder),
      decoders: [try SentencePieceDecoder(model, pieces)])
  }
}

extension ModelProto {
  /// - Throws: `.unsupported` for models that only cut text into words or characters.
  func segmenting(_ pieces: ScoredPieces) throws(SmithError) -> any SegmentingModel {
    switch algorithm {
    case .unigram: return try Unigram(pieces)
    case .bpe: return try SentencePieceBPE(pieces)
    case .word, .char:
      throw SmithError(
        .unsupported, "a SentencePiece model of type \(algorithm)",
        remedy: "known: unigram, bpe")
    }
  }
}

extension SentencePieceDecoder {
  init(_ model: ModelProto, _ pieces: ScoredPieces) throws(SmithError) {
    self.init(
      unknown: pieces.vocabulary.pieces[pieces.unknown], unknownSurface: model.unknownSurface,
      decodesBytes: pieces.bytes != nil, dropsPrefix: model.normalizer.addsPrefix,
      dropsAllSpaces: model.normalizer.removesExtraSpaces)
    if !model.denormalizer.charsmap.isEmpty {
      denormalizer = try SentencePieceNormalizer(model.denormalizer, treatsSpaceAsSuffix: false)
    }
  }
}

extension TextCleaning {
  /// With what the settings beside the model say.
  fileprivate func changed(by folder: TokenizerFolder) -> TextCleaning {
    var changed = self
    changed.joinsSpaces = folder.setting("remove_space")?.boolValue ?? joinsSpaces
    changed.stripsAccents = folder.setting("keep_accents")?.boolValue.map { !$0 } ?? stripsAccents
    changed.lowercases = folder.setting("do_lower_case")?.boolValue ?? lowercases
    return changed
  }
}
