import Foundation
import TestSupport
import Testing
import Weightsmith

/// Every sample of the families: recognised, and computing what the original program computed.
@Suite struct EndToEndTests {
  @Test func `the fixtures have every family in every dialect`() {
    let found = Set(Samples.models.map { "\($0.family) \($0.dialect.rawValue)" })
    // albert_zh's own forms have their own tests.
    let wanted = Families.all.filter { $0.name != "albert_zh" }.flatMap { family in
      // Grouped kernels and llama.cpp's files too.
      family.dialects.filter { $0.name != .googleFast && $0.name != .gguf }
        .map { "\(family.name) \($0.name.rawValue)" }
    }
    #expect(found == Set(wanted))
    #expect(Samples.models.count >= 113 && Samples.withReference.count >= 107)
  }

  /// transformers' own TensorFlow and Flax classes, a folder for each head.
  @Test(
    arguments: ["albert", "bert", "roberta", "distilbert", "electra"], ["keras", "flax"])
  func `every head of the family is among the fixtures`(family: String, names: String) {
    let samples = Samples.withReference.filter {
      $0.family == family && $0.dialect.rawValue == names && $0.head != nil
    }
    var heads = ["base", "sequence", "span", "token"]
    heads += ["albert": ["mlm"], "bert": ["mlm", "nsp"]][family] ?? []
    heads += names == "flax" ? ["untied"] + (family == "albert" ? ["groups"] : []) : []
    #expect(samples.compactMap(\.head).sorted() == heads.sorted())
  }

  /// The heads that the folder's name says, and no others; in the class that has them, which sets whether there is a pooler.
  @Test(arguments: Samples.models.filter { $0.head != nil })
  func `the heads of a file are found`(sample: Sample) throws {
    let head = try #require(sample.head)
    let configuration = try sample.model().configuration
    let heads: [String: [String]] = ["base": [], "groups": [], "untied": ["mlm"]]
    #expect(configuration.heads == heads[head] ?? [head])
    #expect(configuration.isUntied == (head == "untied"))
    let classes: [String: Int] = ["sequence": 3, "token": 5, "span": 2, "nsp": 2]
    #expect(configuration.classes == classes.filter { $0.key == head })
    let pooled = [
      "albert": ["base", "groups", "sequence"], "bert": ["base", "sequence", "nsp"],
      "roberta": ["base"],
    ]
    let hasPooler = pooled[sample.family]?.contains(head) ?? false
    #expect(configuration.parts.contains("pooler") == hasPooler)
  }

  @Test(arguments: Samples.models)
  func `is recognised`(sample: Sample) throws {
    let model = try sample.model()
    #expect(model.family == sample.family)
    #expect(model.dialect == sample.dialect)
    #expect(model.part == sample.wantedPart)
    let inspection = try Inspection(model.checkpoint, options: sample.options)
    #expect(inspection.family == sample.family && inspection.model != nil)
    // Every stored tensor has a fate.
    #expect(Set(model.parameters.fates.map(\.tensor)) == Set(model.checkpoint.tensors.map(\.name)))
  }

  @Test(arguments: Samples.withReference)
  func `every layer and logit is the original program's`(sample: Sample) async throws {
    let reference = try Reference.read(#require(sample.reference), of: sample)
    let model = try sample.model()
    let output = try await model.forward(reference.input, taps: .everyLayer)
    #expect(!reference.activations.isEmpty)
    let limit: Float = sample.family == "elmo" ? 1e-5 : 2e-5
    for (name, expected) in reference.activations {
      let tap = try #require(output[name], "\(name)")
      #expect(tap.values.count == expected.count, "\(name)")
      let seen = reference.seen(name, width: tap.shape.last ?? 1)
      let difference =
        zip(tap.values, expected).enumerated()
        .map { seen($0.offset) ? abs($0.element.0 - $0.element.1) : 0 }.max() ?? .infinity
      #expect(difference < limit, "\(name) differs by \(difference)")
    }
  }

  /// The same through the product's own report, which must find a counterpart for every activation of the file.
  @Test(arguments: Samples.withReference)
  func `and verify says so`(sample: Sample) throws {
    let outputs = try ReferenceOutputs(Fixtures.path(#require(sample.reference)))
    let model = try sample.model()
    let report = try Verification(of: model, against: model).compare(against: outputs)
    #expect(report.refusals == [])
    #expect(report.holds, "\(report.firstDivergence ?? "") \(report.layers)")
  }

  @Test func `shards of an HDF5 model are the whole model`() async throws {
    let whole = try Model(Checkpoint.open(Fixtures.path("formats/hf_tf_bert")))
    let shards = try Model(Checkpoint.open(Fixtures.path("formats/hf_tf_bert_sharded")))
    let report = try await Verification(of: shards, against: whole).run()
    #expect(report.holds && report.tensors.allSatisfy { $0.verdict == .equal })
  }

  @Test(arguments: [
    "trained/tiny_albert/google_tf", "trained/tiny_albert/hf", "trained/tiny_bert/hf",
  ])
  func `a trained model knows its answers`(folder: String) throws {
    let model = try Model(Checkpoint.open(Fixtures.path(folder)))
    let cloze = try ClozeQuestions(Fixtures.path("trained/cloze.json")).ask(model, model)
    #expect(cloze.questions == 120 && cloze.candidateRight == 119)
  }
}

extension Sample {
  /// Whose `logits` a reference file has: the folder's name says it, or the class whose outputs they are.
  fileprivate var headOfLogits: String {
    let name = (folder as NSString).lastPathComponent
    if let head = ["sequence", "token", "discriminator"].first(where: { name.hasSuffix($0) }) {
      return head
    }
    if let electraPart { return electraPart == "discriminator" ? "discriminator" : "mlm" }
    return family == "bert" ? "sequence" : "mlm"
  }

  /// Which of ELECTRA's two models it counts as: only the generator has the masked-language head.
  fileprivate var wantedPart: String? {
    guard family == "electra" else { return nil }
    return electraPart
      ?? (path.contains("masked") || head == "untied" ? "generator" : "discriminator")
  }

  /// The width of the word table, by the configuration file's own text.
  fileprivate var tableWidth: Int? {
    let data = try? Data(contentsOf: URL(fileURLWithPath: Fixtures.path(folder + "/config.json")))
    let json = data.flatMap { try? JSONSerialization.jsonObject(with: $0) } as? [String: Any]
    return json?["embedding_size"] as? Int
  }
}

/// A reference file read with nothing of the product but the container reader.
private struct Reference {
  var input: ModelInput
  /// The words of each sentence and how many places there are, for models that read words.
  private var words: (lengths: [Int], places: Int)?
  /// Under our names.
  var activations: [(name: String, values: [Float])] = []

  static func read(_ path: String, of sample: Sample) throws -> Reference {
    let file = try SafetensorsFile(Fixtures.path(path))
    if let rows = integers("char_ids", file) { return Reference(characters: rows, file) }
    return Reference(file, of: sample)
  }

  /// Rows of small whole numbers of four bytes.
  private static func integers(_ name: String, _ file: SafetensorsFile) -> [[Int]]? {
    guard file.header[name] != nil else { return nil }
    let bytes = file[bytes: name]
    let values = stride(from: 0, to: bytes.count, by: 4).map {
      Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8
    }
    let width = file.shape(name).last ?? 1
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
  }

  private init(_ file: SafetensorsFile, of sample: Sample) {
    func integers(_ name: String) -> [[Int]]? { Self.integers(name, file) }
    input = .tokens(
      EncoderInput(
        ids: integers("input_ids") ?? [], attentionMask: integers("attention_mask"),
        tokenTypes: integers("token_type_ids")))
    let own = sample.electraPart.map { "\($0)." } ?? ""
    for full in file.header.keys.sorted() {
      let name = full.hasPrefix(own) ? String(full.dropFirst(own.count)) : full
      switch name {
      case "embeddings", "pooled": activations.append((name, file[full]))
      case "embeddings_projected":
        // It is the discriminator's.
        if own != "generator." { activations.append(("embeddings.projected", file[full])) }
      case "logits": activations.append(("heads.\(sample.headOfLogits).logits", file[full]))
      case "mlm_logits", "sop_logits", "nsp_logits":
        activations.append(("heads.\(name.prefix(3)).logits", file[full]))
      case "start_logits":
        let pairs = zip(file[full], file["end_logits"]).flatMap { [$0, $1] }
        activations.append(("heads.span.logits", pairs))
      default:
        let parts = name.split(separator: ".")
        guard parts.count == 2, let number = Int(parts[1]) else { continue }
        switch parts[0] {
        case "layer_output": activations.append(("layers.\(number).output", file[full]))
        case "hidden" where number > 0:
          activations.append(("layers.\(number - 1).output", file[full]))
        case "hidden":
          let isMapped = sample.tableWidth.map { $0 != file.shape(full).last } ?? false
          activations.append((isMapped ? "embeddings.projected" : "embeddings", file[full]))
        default: continue
        }
      }
    }
  }

  /// ELMo's: a row for each word, bilm's with the sentences' markers around them; outputs stacked by layer [B, layers, S, 2·P].
  private init(characters rows: [[Int]], _ file: SafetensorsFile) {
    let marked = file.shape("char_ids")[1]
    var sentences = stride(from: 0, to: rows.count, by: marked).map {
      Array(rows[$0..<$0 + marked])
    }
    let hasMarkers = rows[0][1] == 257
    if hasMarkers {
      sentences = sentences.map { sentence in
        let count = sentence.filter { $0.contains { $0 != 0 } }.count
        return Array(sentence[1..<count - 1] + sentence[count...])
      }
    }
    let lengths = sentences.map { $0.filter { $0.contains { $0 != 0 } }.count }
    let places = (sentences[0].count)
    input = .characters(ElmoInput(characters: sentences))
    words = (lengths, places)
    for name in file.header.keys.sorted() {
      switch name {
      case "token_embeddings": activations.append(("embeddings", file[name]))
      case "lm_embeddings":
        let shape = file.shape(name)
        let size = shape[2] * shape[3]
        for layer in 0..<shape[1] {
          let values = (0..<shape[0]).flatMap { sentence in
            let start = (sentence * shape[1] + layer) * size
            return file[name][start..<start + size]
          }
          activations.append(("outputs.\(layer)", values))
        }
      case _ where name.hasPrefix("mixes."): activations.append((name, file[name]))
      default: continue
      }
    }
  }

  /// Whether a number of an activation stands for something that was read: programs differ in what they put out for padding.
  func seen(_ name: String, width: Int) -> (Int) -> Bool {
    guard let words else { return { _ in true } }
    let markers = name == "embeddings" ? 2 : 0
    let places = words.places + markers
    return { index in
      let (sentence, place) = (index / width).quotientAndRemainder(dividingBy: places)
      return place < words.lengths[sentence] + markers
    }
  }
}
