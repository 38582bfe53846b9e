import SmithBytes
import SmithModels
import SmithTensors

/// The metadata with which llama.cpp takes a GGUF file for a model: what it is, its settings, its vocabulary, in the order in which
/// `convert_hf_to_gguf.py` writes them.
struct GGUFModelEntries {
  let checkpoint: Checkpoint
  let written: Parameters
  let dialect: Dialect
  /// The element type of matrices where it is asked for.
  let dtype: DType?

  /// `notes` gets what a user should know: no vocabulary, a pooling that llama.cpp has not.
  func entries(notes: inout [String]) throws(SmithError) -> [ContainerMetadata.Entry] {
    let prefix = dialect.configuration.entryPrefix ?? ""
    var entries = [
      ContainerMetadata.Entry("general.architecture", .string(String(prefix.dropLast()))),
      .init("general.type", .string("model")),
    ]
    if let title = source["general.name"] ?? checkpoint.title {
      entries.append(.init("general.name", .string(title)))
    }
    entries += written.configuration.entries(for: dialect)
    if let type = fileType { entries.append(.init("general.file_type", .u32(type))) }
    entries.append(.init(prefix + "attention.causal", .bool(false)))
    if let pooling = try pooling(prefix, &notes) { entries.append(pooling) }
    entries.append(.init("general.quantization_version", .u32(2)))
    return try entries + vocabulary(prefix, &notes)
  }

  /// The source's own entries, where it is such a file.
  private var source: ContainerMetadata {
    checkpoint.container == "gguf" ? checkpoint.source.typedMetadata : [:]
  }

  private func pooling(
    _ prefix: String, _ notes: inout [String]
  ) throws(SmithError) -> ContainerMetadata.Entry? {
    let key = prefix + "pooling_type"
    if let value = source.value(key) { return .init(key, value) }
    switch try Pooling.find(in: checkpoint.folder) {
    case .known(let number): return .init(key, .u32(number))
    case .other(let name):
      notes.append("\(name) is no pooling of llama.cpp's: the file says none")
      return nil
    case nil: return nil
    }
  }

  private func vocabulary(
    _ prefix: String, _ notes: inout [String]
  ) throws(SmithError) -> [ContainerMetadata.Entry] {
    let configuration = written.configuration
    let types = ContainerMetadata.Entry(
      WordPieceVocabulary.typeCountKey, .u32(UInt32(clamping: configuration[.tokenTypes])))
    let own = source.entries.filter { $0.key.hasPrefix(WordPieceVocabulary.prefix) }
    if own.contains(where: { $0.key == WordPieceVocabulary.modelKey }) {
      return [types] + own.filter { $0.key != types.key }
    }
    if let words = try WordPieceVocabulary.beside(checkpoint.folder) {
      return [types] + (try words.filled(to: configuration[.vocabulary])).entries
    }
    notes.append(
      "no WordPiece vocabulary beside the source: the file takes token ids only (tokenizer.json or vocab.txt)"
    )
    return [
      types, .init(WordPieceVocabulary.modelKey, .string("no_vocab")),
      .init(prefix + "vocab_size", .u32(UInt32(clamping: configuration[.vocabulary]))),
    ]
  }

  /// `general.file_type`, llama.cpp's `llama_ftype`, by what most of the weights are stored in; nil for what it has no number for.
  private var fileType: UInt32? {
    var weights: [String: Int] = [:]
    for (name, recipe) in written.recipes where recipe.shape.count >= 2 {
      let type = dialect.elementType(of: name, recipe) ?? dtype ?? recipe.dtype
      weights[written.schemes[name] ?? type.rawValue, default: 0] += recipe.shape.reduce(1, &*)
    }
    let most = weights.max { ($0.value, $1.key) < ($1.value, $0.key) }
    return most.flatMap { Self.fileTypes[$0.key] }
  }

  private static let fileTypes: [String: UInt32] = [
    "f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q8_0": 7, "q5_0": 8, "q5_1": 9, "q2_k": 10,
    "q3_k": 12, "q4_k": 15, "q5_k": 17, "q6_k": 18, "iq4_nl": 25, "iq4_xs": 30, "bf16": 32,
    "tq1_0": 36, "tq2_0": 37, "mxfp4": 38,
  ]
}
