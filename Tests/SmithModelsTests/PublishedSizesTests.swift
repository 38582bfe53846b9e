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
    /// Rows of the position and token-type tables.
    var tables = [512, 2]
    /// Which parts a model has, and its number of parameters.
    var counts: [(parts: Set<String>, count: Int)]
    var testDescription: String { name }
  }

  private static let (albert, bert): (Set<String>, Set<String>) = (
    ["pooler", "projection"], ["pooler"]
  )

  static let models = [
    Published(
      name: "ALBERT base", family: "albert", sizes: [30000, 128, 768, 3072, 12, 12],
      counts: [(albert, 11_683_584), (albert.union(["mlm", "sop"]), 11_813_810)]),
    Published(
      name: "ALBERT large", family: "albert", sizes: [30000, 128, 1024, 4096, 24, 16],
      counts: [(albert, 17_683_968), (albert.union(["mlm", "sop"]), 17_847_474)]),
    Published(
      name: "ALBERT xlarge", family: "albert", sizes: [30000, 128, 2048, 8192, 24, 16],
      counts: [(albert, 58_724_864), (albert.union(["mlm", "sop"]), 59_021_490)]),
    Published(
      name: "ALBERT xxlarge", family: "albert", sizes: [30000, 128, 4096, 16384, 12, 64],
      counts: [(albert, 222_595_584), (albert.union(["mlm", "sop"]), 223_158_450)]),
    Published(
      name: "ALBERT base zh", family: "albert", sizes: [21128, 128, 768, 3072, 12, 12],
      counts: [(albert, 10_547_968), (albert.union(["mlm", "sop"]), 10_669_322)]),
    Published(
      name: "BERT base", family: "bert", sizes: [30522, 768, 768, 3072, 12, 12],
      counts: [(bert, 109_482_240), (bert.union(["mlm", "nsp"]), 110_106_428)]),
    Published(
      name: "BERT large", family: "bert", sizes: [30522, 1024, 1024, 4096, 24, 16],
      counts: [(bert, 335_141_888), (bert.union(["mlm", "nsp"]), 336_226_108)]),
    Published(
      name: "RoBERTa base", family: "roberta", sizes: [50265, 768, 768, 3072, 12, 12],
      tables: [514, 1], counts: [(["pooler"], 124_645_632), (["mlm"], 124_697_433)]),
    Published(
      name: "DistilBERT base", family: "distilbert", sizes: [30522, 768, 768, 3072, 6, 12],
      counts: [([], 66_362_880)]),
    Published(
      name: "ELECTRA small discriminator", family: "electra",
      sizes: [30522, 128, 256, 1024, 12, 4], counts: [(["projection"], 13_483_008)]),
    Published(
      name: "ELECTRA base discriminator", family: "electra",
      sizes: [30522, 768, 768, 3072, 12, 12], counts: [([], 108_891_648)]),
  ]

  @Test(arguments: models)
  func `have the published number of parameters`(model: Published) throws {
    let family = try #require(Families.named(model.family))
    for dialect in family.dialects {
      for (parts, count) in model.counts {
        // Each of ELECTRA's original tables has the head of its part only.
        guard parts.isSubset(of: Self.parts(family, dialect)) else { continue }
        let stored = try Self.stored(model, family, dialect, parts: parts)
        let configuration: JSONObject = [
          dialect.configuration.activationKey: "gelu", "model_type": .string(family.name),
          dialect.configuration.key(of: .heads): .integer(model.sizes[5]),
          dialect.configuration.key(of: .layers): .integer(model.sizes[4]),
        ]
        let reader = ParameterReader(configurationFile: ("config", configuration))
        let (parameters, _) = try reader.read(stored)
        #expect(parameters.parameterCount == count)
        #expect(parameters.dialect == dialect.name && parameters.part == dialect.part)
        #expect(parameters.configuration.schedule.count == model.sizes[4])
        #expect(
          parameters.configuration.runningBlocks.count
            == (model.family == "albert" ? 1 : model.sizes[4]))
      }
    }
  }

  /// ELMo's original, under each dialect's names: 93.6M without AllenNLP's row of zeros.
  @Test func `the published ELMo has its number of parameters`() throws {
    let filters = [(1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024)]
    let sizes: [Size: Int] = [
      .characters: 261, .characterWidth: 16, .filters: 2048, .hidden: 512, .cell: 4096,
    ]
    let counts = ["f": filters.count, "h": 2, "b": 2]
    let family = Family.elmo
    for dialect in family.dialects {
      var stored: StoredTensors = [:]
      for rule in dialect.rules where rule.role == .name && rule.layers?.contains(2) != false {
        let row = try #require(family.parameters.first { $0.name == rule.canonical })
        if row.part == "mixes" { continue }
        let place = row.name.places.first
        for number in 0..<(place.flatMap { counts[$0] } ?? 1) {
          let shape = row.dimensions.map { dimension in
            switch dimension {
            case .size(let size): sizes[size] ?? 1
            case .each("width", _, _): filters[number].0
            default: filters[number].1
            }
          }
          let name = rule.stored.filled(with: place.map { [$0: number] } ?? [:])
          stored[name] = .source(name: name, dtype: .f32, shape: rule.step.storedShape(of: shape))
        }
      }
      let options: JSONObject = [
        "char_cnn": ["activation": "relu", "max_characters_per_token": 50],
        "lstm": ["cell_clip": 3, "proj_clip": 3, "use_skip_connections": true],
      ]
      let reader = ParameterReader(configurationFile: ("options.json", options))
      let (parameters, _) = try reader.read(stored)
      #expect(parameters.parameterCount == 93_600_848, "\(dialect.name.rawValue)")
      #expect(parameters.dialect == dialect.name)
      #expect(parameters.configuration.elmo.filters.map(\.count) == filters.map(\.1))
    }
  }

  /// The parts that a dialect has names for.
  private static func parts(_ family: Family, _ dialect: Dialect) -> Set<String> {
    let named = Set(dialect.rules.map(\.canonical.text))
    return Set(family.parameters.compactMap { named.contains($0.name.text) ? $0.part : nil })
  }

  /// The tensors of such a checkpoint, without bytes.
  private static func stored(
    _ model: Published, _ family: Family, _ dialect: Dialect, parts: Set<String>
  ) throws -> StoredTensors {
    let sizes: [Size: Int] = [
      .vocabulary: model.sizes[0], .embedding: model.sizes[1], .hidden: model.sizes[2],
      .intermediate: model.sizes[3], .positions: model.tables[0], .tokenTypes: model.tables[1],
    ]
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
        stored[name] = .source(
          name: name, dtype: .f32, shape: rule.step.storedShape(of: shape, heads: model.sizes[5]))
      }
    }
    return stored
  }
}
