import SmithBytes
import SmithModels

/// A file that goes along with the weights: the configuration we write, or a vocabulary we copy.
public struct Companion: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case text(String)
    case copy(of: String)
  }

  public var name: String
  public var content: Content

  /// Tokenizer files by their usual names, and what a target's library wants them to be called.
  private static let tokenizerFiles = [
    "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
    "vocab.json", "merges.txt", "encoder.json", "vocab.bpe", "generation_config.json", "dict.txt",
  ]

  /// The target's configuration file and the tokenizer files found beside the source.
  static func all(
    of checkpoint: Checkpoint, written: Parameters, family: Family, dialect: Dialect
  ) -> [Companion] {
    var configuration = written.configuration.written(for: dialect, family: family)
    if let layout = written.layout.flatMap(Layouts.writing) {
      for (key, value) in layout.configuration(of: written.laidOut) { configuration[key] = value }
    } else if !written.schemes.isEmpty, dialect.configuration.namesArchitecture {
      // Without this key transformers would take the codes for weights; with a method it does not know it refuses.
      configuration["quantization_config"] = ["quant_method": "weightsmith"]
    }
    guard let name = dialect.configuration.fileNames.first else {
      return copied(from: checkpoint, configurationName: "", names: dialect.name)
    }
    let text = JSON.object(configuration).serialized(pretty: true)
    return [Companion(name: name, content: .text(text + "\n"))]
      + copied(from: checkpoint, configurationName: name, names: dialect.name)
  }

  /// The files beside a checkpoint that belong to its tokenizer. Google's SentencePiece model (`30k-clean.model`) is `spiece.model` to
  /// Hugging Face.
  static func copied(
    from checkpoint: Checkpoint, configurationName: String? = nil, names: Dialect.Name? = nil
  ) -> [Companion] {
    let present = FolderListing.names(in: checkpoint.folder)
    // Two of them cannot both get the one name.
    let models = present.filter { $0.hasSuffix(".model") && !tokenizerFiles.contains($0) }
    var result: [Companion] = []
    for name in present where FolderListing.isFile(checkpoint.folder.appending(path: name)) {
      let path = checkpoint.folder.appending(path: name)
      if tokenizerFiles.contains(name) || isVocabulary(name) {
        result.append(Companion(name: name, content: .copy(of: path)))
      } else if name.hasSuffix(".model") {
        let hugging = names == .hf || names == .keras || names == .flax
        let rename = hugging && models.count == 1 && !present.contains("spiece.model")
        result.append(Companion(name: rename ? "spiece.model" : name, content: .copy(of: path)))
      } else if configurationName == nil, isConfiguration(name) {
        result.append(Companion(name: name, content: .copy(of: path)))
      }
    }
    return result
  }

  /// The same files, with configurations that no longer say of the tensors that they are quantized.
  static func unquantized(_ companions: [Companion]) throws(SmithError) -> [Companion] {
    var result: [Companion] = []
    for companion in companions {
      var changed = companion
      if case .copy(let path) = companion.content, path.lastComponent == "config.json" {
        var values = try ConfigurationFiles.read(path)
        for key in ["quantization_config", "quantization"] { values.remove(key) }
        changed.content = .text(JSON.object(values).serialized(pretty: true) + "\n")
      }
      result.append(changed)
    }
    return result
  }

  private static func isVocabulary(_ name: String) -> Bool {
    name.hasSuffix(".vocab") || (name.hasPrefix("vocab") && name.hasSuffix(".txt"))
  }

  private static func isConfiguration(_ name: String) -> Bool {
    let known = Families.all.flatMap(\.dialects).flatMap(\.configuration.fileNames)
    return known.contains(name)
  }
}
