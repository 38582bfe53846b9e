import SmithBytes
import SmithKernels
import Testing

@testable import SmithModels

/// What an encoder promises besides its numbers: taps, determinism, teacher forcing, and errors that say where.
@Suite struct EncoderTests {
  let fixture: EncoderFixture
  let input: EncoderInput

  init() throws {
    fixture = try EncoderFixture("albert_google_tf")
    input = try fixture.input
  }

  func encoder(
    _ change: (inout EncoderFixture) -> Void = { _ in }
  ) throws -> Encoder<CKernelsBackend<Float>> {
    var copy = fixture
    change(&copy)
    return try Encoder(
      copy.configuration, parameters: copy, backend: CKernelsBackend<Float>())
  }

  // MARK: Taps

  @Test func `each level of taps holds the one below, in order`() throws {
    let encoder = try encoder()
    let logits = ["pooled", "heads.sop.logits", "heads.mlm.logits"]
    let layers = ["embeddings", "embeddings.projected"] + (0..<4).map { "layers.\($0).output" }
    #expect(try encoder.forward(input).taps.map(\.name) == logits)
    #expect(try encoder.forward(input, taps: .everyLayer).taps.map(\.name) == layers + logits)
    let all = try encoder.forward(input, taps: .everything)
    #expect(all.taps.count == 2 + 4 * 10 + 4)
    #expect(all.taps.map(\.name).filter((layers + logits).contains) == layers + logits)
    #expect(all["layers.0.attention.query"]?.shape == [2, 7, 12])
    #expect(all["layers.3.feedForward.up"]?.shape == [2, 7, 20])
    #expect(all["heads.mlm.transform"]?.shape == [2, 7, 8])
    #expect(all["nothing"] == nil)
  }

  @Test func `keeping taps does not change the numbers`() throws {
    let encoder = try encoder()
    let (few, all) = (
      try encoder.forward(input), try encoder.forward(input, taps: .everything)
    )
    for tap in few.taps { #expect(all[tap.name]?.values == tap.values) }
  }

  @Test func `the tap before the activation gives the tap after it`() throws {
    let all = try encoder().forward(input, taps: .everything)
    let up = try #require(all["layers.1.feedForward.up"])
    let after = try #require(all["layers.1.feedForward.activation"])
    let compute = Compute(backend: CKernelsBackend<Float>(), workers: Workers(1))
    #expect(compute.activate(up.values, columns: 20, .geluTanh) == after.values)
  }

  // MARK: Determinism

  @Test(arguments: Backends.all.map(\.name))
  func `any number of workers gives the same bits`(name: String) throws {
    let backend = try #require(Backends.named(name))
    func run(_ backend: some ComputeBackend<Float>) throws {
      let encoder = try Encoder(fixture.configuration, parameters: fixture, backend: backend)
      let one = try encoder.forward(input, taps: .everything, workers: Workers(1))
      for count in [2, 3, 8] {
        let many = try encoder.forward(input, taps: .everything, workers: Workers(count))
        for (a, b) in zip(one.taps, many.taps) { #expect(a.values == b.values, "\(a.name)") }
      }
    }
    try run(backend)
  }

  @Test func `a sequence does not depend on its neighbours or its padding`() throws {
    let encoder = try encoder()
    let (short, long) = ([2, 5, 9], [2, 8, 11, 30, 7])
    let both = try encoder.forward(EncoderInput(padding: [short, long]))
    let alone = try encoder.forward(EncoderInput(ids: [short]))
    let together = try #require(both["pooled"]).values.prefix(12)
    #expect(largestDifference(Array(together), try #require(alone["pooled"]).values) < 1e-6)
  }

  // MARK: Teacher forcing

  @Test func `feeding a layer its own input changes nothing`() throws {
    let encoder = try encoder()
    let own = try encoder.forward(input, taps: .everyLayer)
    let forced = try encoder.forward(
      input, taps: .everyLayer,
      replacing: { $0 == 0 ? nil : own["layers.\($0 - 1).output"]?.values })
    for (a, b) in zip(own.taps, forced.taps) { #expect(a.values == b.values, "\(a.name)") }
  }

  @Test func `feeding layer 2 leaves earlier layers and changes later ones`() throws {
    let encoder = try encoder()
    let own = try encoder.forward(input, taps: .everyLayer)
    let given = [Float](repeating: 0.5, count: 2 * 7 * 12)
    let forced = try encoder.forward(
      input, taps: .everyLayer, replacing: { $0 == 2 ? given : nil })
    #expect(own["layers.1.output"]?.values == forced["layers.1.output"]?.values)
    #expect(own["layers.2.output"]?.values != forced["layers.2.output"]?.values)
    let heads = try encoder.forward(input, replacing: { $0 == 4 ? given : nil })
    #expect(heads["pooled"]?.values != own["pooled"]?.values)
  }

  @Test func `feeding the wrong number of values is refused`() throws {
    let error = #expect(throws: SmithError.self) {
      try encoder().forward(input, replacing: { _ in [1, 2] })
    }
    #expect(error?.kind == .usage)
  }

  // MARK: Heads and parameters

  @Test func `a checkpoint without pooler and heads gives embeddings and layers only`() throws {
    let bare = try encoder {
      $0.tensors = $0.tensors.filter {
        !$0.key.hasPrefix("parameter.heads") && !$0.key.hasPrefix("parameter.pooler")
      }
    }
    let result = try bare.forward(input, taps: .everyLayer)
    #expect(result.taps.count == 6)
  }

  @Test func `an own decoder is used instead of the word embeddings`() throws {
    let tied = try #require(try encoder().forward(input)["heads.mlm.logits"])
    let untied = try encoder {
      $0.tensors["parameter.heads.mlm.decoder.weight"] = .init(
        shape: [37, 8], bytes: [UInt8](repeating: 0, count: 37 * 8 * 4))
    }
    let logits = try #require(try untied.forward(input)["heads.mlm.logits"])
    #expect(logits.values != tied.values)
    let bias = try fixture.values("heads.mlm.bias", shape: [37])
    #expect(Array(logits.values.prefix(37)) == bias)
  }

  @Test(arguments: [
    "embeddings.word", "embeddings.projection.bias", "blocks.0.attention.key.weight",
    "blocks.0.feedForward.norm.bias", "pooler.weight", "heads.mlm.norm.weight", "heads.sop.bias",
  ])
  func `a missing parameter is named`(name: String) throws {
    let error = #expect(throws: SmithError.self) {
      try encoder { $0.tensors["parameter.\(name)"] = nil }
    }
    #expect(error?.kind == .missing)
    #expect(error?.place.item == name)
  }

  @Test func `a head of odd shape is named`() throws {
    let error = #expect(throws: SmithError.self) {
      try encoder { $0.tensors["parameter.heads.sop.weight"]?.shape = [24] }
    }
    #expect(error?.kind == .mismatch)
    #expect(error?.place.item == "heads.sop.weight")
  }

  @Test func `a configuration that contradicts itself is refused`() throws {
    let changes: [(inout EncoderConfiguration) -> Void] = [
      { $0.headCount = 5 }, { $0.headCount = 0 }, { $0.hiddenSize = -12 },
      { $0.hasProjection = false }, { $0.schedule = [0, -1] }, { $0.vocabularySize = 0 },
    ]
    for change in changes {
      let error = #expect(throws: SmithError.self) { try encoder { change(&$0.configuration) } }
      #expect(error?.kind == .mismatch)
    }
  }

  // MARK: Positions

  /// transformers' RoBERTa, `create_position_ids_from_input_ids`, with padding token 1.
  @Test(arguments: [
    ([0, 5, 6, 2], [2, 3, 4, 5]), ([1, 1, 0, 2], [1, 1, 2, 3]), ([0, 2, 1, 1], [2, 3, 1, 1]),
    ([0, 1, 2, 1], [2, 1, 3, 1]), ([1, 1], [1, 1]),
  ])
  func `positions count from the padding token on, by the ids`(ids: [Int], rows: [Int]) {
    let positions = EncoderPositions.besides(padding: 1)
    #expect(positions.rows(of: ids) == rows)
    #expect(positions.needed(for: ids) == ids.filter { $0 != 1 }.count)
    #expect(positions.usable(of: 514) == 512 && EncoderPositions.counted.usable(of: 512) == 512)
    #expect(EncoderPositions.counted.rows(of: ids) == Array(ids.indices))
  }

  @Test func `padding on the left is padding on the right, where the ids say so`() throws {
    let encoder = try encoder { $0.configuration.positions = .besides(padding: 1) }
    func logits(_ ids: [Int]) throws -> ArraySlice<Float> {
      let mask = ids.map { $0 == 1 ? 0 : 1 }
      let result = try encoder.forward(EncoderInput(ids: [ids], attentionMask: [mask]))
      let values = try #require(result["heads.mlm.logits"]).values
      let start = (ids.firstIndex { $0 != 1 } ?? 0) * 37
      return values[start..<(start + 3 * 37)]
    }
    let (left, right) = (try logits([1, 1, 5, 8, 9]), try logits([5, 8, 9, 1, 1]))
    #expect(largestDifference(Array(left), Array(right)) < 1e-5)
  }

  /// 16 rows, of which padding token 1 leaves 14; what is padding needs none.
  @Test func `only usable positions count`() throws {
    let encoder = try encoder { $0.configuration.positions = .besides(padding: 1) }
    let fits = [Int](repeating: 5, count: 14) + [1, 1, 1]
    #expect(try encoder.forward(EncoderInput(ids: [fits])).taps.count == 3)
    let error = #expect(throws: SmithError.self) {
      try encoder.forward(EncoderInput(ids: [[Int](repeating: 5, count: 15)]))
    }
    #expect(error?.kind == .usage)
    #expect(
      error?.detail == "sequences of 15 tokens besides padding, but the model has 14 positions")
  }

  @Test(arguments: [-1, 15, 37, Int.max])
  func `a padding token that leaves no position is refused`(padding: Int) throws {
    let error = #expect(throws: SmithError.self) {
      try encoder { $0.configuration.positions = .besides(padding: padding) }
    }
    #expect(error?.kind == .mismatch)
  }

  // MARK: Input

  @Test(arguments: [
    (EncoderInput(ids: []), "no tokens"),
    (EncoderInput(ids: [[]]), "no tokens"),
    (EncoderInput(ids: [[1, 2], [3, 37]]), "37 in row 1 at position 1, expected 0 to 36"),
    (EncoderInput(ids: [[-1]]), "-1 in row 0 at position 0, expected 0 to 36"),
    (EncoderInput(ids: [[1, 2], [3]]), "row 1 has 1 values, expected 2"),
    (
      EncoderInput(ids: [[1, 2]], attentionMask: [[1, 2]]),
      "2 in row 0 at position 1, expected 0 to 1"
    ),
    (EncoderInput(ids: [[1, 2]], attentionMask: [[1]]), "row 0 has 1 values, expected 2"),
    (
      EncoderInput(ids: [[1, 2]], tokenTypes: [[0, 2]]), "2 in row 0 at position 1, expected 0 to 1"
    ),
    (EncoderInput(ids: [[1]], tokenTypes: []), "0 rows, expected 1"),
    (EncoderInput(ids: [[Int](repeating: 1, count: 17)]), "17 tokens"),
  ])
  func `input out of range says where`(input: EncoderInput, part: String) throws {
    let error = #expect(throws: SmithError.self) { try encoder().forward(input) }
    #expect(error?.kind == .usage)
    #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
  }

  @Test func `padding fills rows up and hides what it filled`() {
    let input = EncoderInput(padding: [[5], [1, 2, 3], []], with: 9)
    #expect(input.ids == [[5, 9, 9], [1, 2, 3], [9, 9, 9]])
    #expect(input.attentionMask == [[1, 0, 0], [1, 1, 1], [0, 0, 0]])
    #expect(input.tokenTypes == [[0, 0, 0], [0, 0, 0], [0, 0, 0]])
  }

  @Test func `a hidden row is finite with either mask`() throws {
    for value in [EncoderConfiguration.MaskValue.additive(-10000), .lowestFinite] {
      let encoder = try encoder { $0.configuration.maskValue = value }
      let result = try encoder.forward(EncoderInput(padding: [[5, 6], []]))
      let pooled = try #require(result["pooled"])
      #expect(pooled.values.allSatisfy { $0.isFinite })
    }
  }

  @Test func `without token types only zeros are accepted`() throws {
    let encoder = try encoder { $0.configuration.tokenTypeCount = 0 }
    let without = try #require(try encoder.forward(EncoderInput(ids: [[1, 2]]))["pooled"])
    #expect(without.values.count == 12)
    let error = #expect(throws: SmithError.self) {
      try encoder.forward(EncoderInput(ids: [[1, 2]], tokenTypes: [[0, 1]]))
    }
    #expect(error?.detail == "1 in row 0 at position 1, expected 0 to 0")
  }
}
