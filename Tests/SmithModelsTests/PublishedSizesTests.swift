import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// The published models by their sizes alone: the tables must give the number of parameters that the original classes have.
@Suite struct PublishedSizesTests {
  struct Published: Sendable, CustomTestStringConvertible {
    var name: String
    var family: String
    /// V, E, H, I, L, A
    var sizes: [Int]
    /// The body with pooler, and with the pre-training heads besides.
    var counts: (encoder: Int, pretraining: Int)
    var testDescription: String { name }
  }

  static let models = [
    Published(
      name: "ALBERT base", family: "albert", sizes: [30000, 128, 768, 3072, 12, 12],
      counts: (11_683_584, 11_813_810)),
    Published(
      name: "ALBERT large", family: "albert", sizes: [30000, 128, 1024, 4096, 24, 16],
      counts: (17_683_968, 17_847_474)),
    Published(
      name: "ALBERT xlarge", family: "albert", sizes: [30000, 128, 2048, 8192, 24, 16],
      counts: (58_724_864, 59_021_490)),
    Published(
      name: "ALBERT xxlarge", family: "albert", sizes: [30000, 128, 4096, 16384, 12, 64],
      counts: (222_595_584, 223_158_450)),
    Published(
      name: "ALBERT base zh", family: "albert", sizes: [21128, 128, 768, 3072, 12, 12],
      counts: (10_547_968, 10_669_322)),
    Published(
      name: "BERT base", family: "bert", sizes: [30522, 768, 768, 3072, 12, 12],
      counts: (109_482_240, 110_106_428)),
    Published(
      name: "BERT large", family: "bert", sizes: [30522, 1024, 1024, 4096, 24, 16],
      counts: (335_141_888, 336_226_108)),
  ]

  @Test(arguments: models, [Dialect.Name.original, .hf, .keras, .flax])
  func `have the published number of parameters`(model: Published, dialect: Dialect.Name) throws {
    let heads: Set = ["mlm", model.family == "albert" ? "sop" : "nsp"]
    for (parts, count) in [
      (Set<String>(), model.counts.encoder), (heads, model.counts.pretraining),
    ] {
      let stored = try Self.stored(model, dialect, heads: parts)
      let configuration: JSONObject = [
        "hidden_act": "gelu", "num_attention_heads": .integer(model.sizes[5]),
        "num_hidden_layers": .integer(model.sizes[4]),
      ]
      let (parameters, _) = try ParameterReader(configurationFile: ("config", configuration)).read(
        stored)
      #expect(parameters.parameterCount == count)
      #expect(parameters.dialect == dialect)
      #expect(parameters.configuration.schedule.count == model.sizes[4])
      #expect(
        parameters.configuration.runningBlocks.count
          == (model.family == "albert" ? 1 : model.sizes[4]))
    }
  }

  /// The tensors of such a checkpoint, without bytes.
  private static func stored(
    _ model: Published, _ name: Dialect.Name, heads: Set<String>
  ) throws -> StoredTensors {
    let family = try #require(Families.named(model.family))
    let dialect = try #require(family.dialect(name))
    let sizes: [Size: Int] = [
      .vocabulary: model.sizes[0], .embedding: model.sizes[1], .hidden: model.sizes[2],
      .intermediate: model.sizes[3], .positions: 512, .tokenTypes: 2,
    ]
    let parts = heads.union(["pooler", "projection"])
    let blocks = model.family == "albert" ? [0] : Array(0..<model.sizes[4])
    var stored: StoredTensors = [:]
    for rule in dialect.rules where rule.role == .name || rule.role == .writtenCopy {
      let row = try #require(family.parameters.first { $0.name.text == rule.canonical.text })
      if let part = row.part, !parts.contains(part) { continue }
      let shape = row.dimensions.map { dimension in
        if case .size(let size) = dimension { sizes[size] ?? 1 } else { 2 }
      }
      for block in rule.canonical.places.isEmpty ? [0] : blocks {
        let plain = rule.stored.filled(with: ["b": block, "g": block, "k": 0])
        let name = dialect.decorate?(plain, parts) ?? plain
        stored[name] = .source(name: name, dtype: .f32, shape: rule.step.storedShape(of: shape))
      }
    }
    return stored
  }
}
