import SmithBytes
import SmithKernels
import Testing

@testable import SmithModels

@Suite struct ElmoTests {
  let fixture: ElmoFixture

  init() throws { fixture = try ElmoFixture() }

  private func elmo(
    _ change: (inout ElmoFixture) -> Void = { _ in }
  ) throws -> Elmo<CKernelsBackend<Float>> {
    var fixture = fixture
    change(&fixture)
    return try Elmo(
      fixture.configuration, parameters: fixture, backend: CKernelsBackend<Float>())
  }

  private func words(_ sentences: [String]) -> ElmoInput {
    ElmoInput(
      words: sentences.map { $0.split(separator: " ").map(String.init) },
      wordLength: fixture.configuration.wordLength)
  }

  // MARK: Determinism

  @Test(arguments: Backends.all.map(\.name))
  func `any number of workers gives the same bits`(name: String) throws {
    let input = words(["a few words here", "one", "and three more"])
    func run(_ backend: some ComputeBackend<Float>) throws {
      let elmo = try Elmo(fixture.configuration, parameters: fixture, backend: backend)
      let one = try elmo.forward(input, taps: .everything, workers: Workers(1))
      for count in [2, 3, 8] {
        let many = try elmo.forward(input, taps: .everything, workers: Workers(count))
        for (a, b) in zip(one.taps, many.taps) { #expect(a.values == b.values, "\(a.name)") }
      }
    }
    let backend = try #require(Backends.named(name))
    try run(backend)
  }

  @Test func `a sentence does not depend on its neighbours, its padding or its place`() throws {
    let elmo = try elmo()
    let (short, long) = ("ok .", "five words are more words")
    let alone = try #require(elmo.forward(words([short]))["outputs.2"])
    for batch in [[short, long], [long, short], [long, long, short]] {
      let index = try #require(batch.firstIndex(of: short))
      let together = try #require(elmo.forward(words(batch))["outputs.2"])
      let start = index * together.shape[1] * together.shape[2]
      #expect(
        Array(together.values[start..<(start + alone.values.count)]) == alone.values,
        "\(batch)")
      let padding = together.values[
        (start + alone.values.count)..<(start + together.shape[1] * together.shape[2])]
      #expect(padding.allSatisfy { $0 == 0 })
    }
  }

  @Test func `no state is carried from one call to the next`() throws {
    let elmo = try elmo()
    let first = try elmo.forward(fixture.input, taps: .everything)
    let second = try elmo.forward(fixture.input, taps: .everything)
    for (a, b) in zip(first.taps, second.taps) { #expect(a.values == b.values) }
  }

  // MARK: Teacher forcing

  @Test func `feeding a layer its own input changes nothing`() throws {
    let elmo = try elmo()
    let own = try elmo.forward(fixture.input, taps: .everyLayer)
    let forced = try elmo.forward(
      fixture.input, taps: .everyLayer, replacing: { own[$0]?.values })
    for (a, b) in zip(own.taps, forced.taps) { #expect(a.values == b.values, "\(a.name)") }
  }

  @Test func `feeding one direction changes that direction's later layers only`() throws {
    let elmo = try elmo()
    let own = try elmo.forward(fixture.input, taps: .everyLayer)
    let given = [Float](repeating: 0.5, count: try #require(own["embeddings"]).values.count)
    let forced = try elmo.forward(
      fixture.input, taps: .everyLayer, replacing: { $0 == "layers.0.forward" ? given : nil })
    for (name, changes) in [
      ("layers.0.forward", false), ("layers.1.backward", false), ("layers.1.forward", true),
    ] {
      #expect((forced[name]?.values != own[name]?.values) == changes, "\(name)")
    }
  }

  @Test func `feeding the wrong number of values is refused`() throws {
    let error = #expect(throws: SmithError.self) {
      try elmo().forward(fixture.input, replacing: { _ in [1, 2] })
    }
    #expect(error?.kind == .usage)
  }

  // MARK: Input

  @Test func `words become the original's characters`() throws {
    let sentences = [["Hello", "wörld", ",", "extraordinarily", "long"], ["ok", "."]]
    #expect(ElmoInput(words: sentences, wordLength: 12) == fixture.input)
    let ids = try #require(fixture.tensors["input.char_ids"]).cube
    #expect(ElmoInput(marked: ids.map { Array($0.dropFirst()) }) == nil)
  }

  @Test func `markers among the words are spelled as the original spells them`() {
    let input = ElmoInput(words: [["<S>", "", "</S>"]], wordLength: 5)
    #expect(
      input.characters == [
        [[259, 257, 260, 261, 261], [259, 260, 261, 261, 261], [259, 258, 260, 261, 261]]
      ])
  }

  @Test func `a sentence without words has its markers and no output`() throws {
    let result = try elmo().forward(words(["", "two words"]), taps: .everyLayer)
    #expect(result["layers.1.forward"]?.shape == [2, 4, 5])
    #expect(result["outputs.1"]?.shape == [2, 2, 10])
    #expect(result["outputs.1"]?.values.prefix(20).allSatisfy { $0 == 0 } == true)
    #expect(try elmo().forward(words([""]))["outputs.0"]?.shape == [1, 0, 10])
  }

  private static let word = [Int](repeating: 5, count: 12)
  private static let none = [Int](repeating: 0, count: 12)

  @Test(arguments: [
    ([], "no sentences"), ([[[1, 2, 3]]], "3 characters, the model reads 12"),
    ([[[Int](repeating: 5, count: 13)]], "13 characters, the model reads 12"),
    ([[[262] + word.dropFirst()]], "character 262 at 0, expected 1 to 261"),
    ([[word.dropLast() + [-1]]], "character -1 at 11, expected 1 to 261"),
    ([[word.dropLast() + [0]]], "character 0 at 11, expected 1 to 261"),
    ([[none, word]], "character 0 at 0, expected 1 to 261"),
    ([[word, word], [word]], "1 words, the first sentence has 2"),
  ])
  func `input out of range says where`(characters: [[[Int]]], part: String) throws {
    let error = #expect(throws: SmithError.self) {
      try elmo().forward(ElmoInput(characters: characters))
    }
    #expect(error?.kind == .usage)
    #expect(error?.detail.contains(part) == true, "\(error?.description ?? "")")
    if !characters.isEmpty { #expect(error?.place.item?.hasPrefix("sentence ") == true) }
  }

  // MARK: Configuration and parameters

  @Test(arguments: [
    "embeddings.character", "embeddings.convolutions.1.bias",
    "embeddings.highways.1.carry.weight", "embeddings.projection.weight",
    "blocks.1.backward.forgetGate.state.weight", "blocks.0.forward.projection.weight",
  ])
  func `a missing or misshapen parameter is named`(name: String) throws {
    for (tensor, kind) in [
      (nil, SmithError.Kind.missing), (EncoderFixture.Tensor([1, 2, 3]), .mismatch),
    ] {
      let error = #expect(throws: SmithError.self) {
        try elmo { $0.tensors["parameter.\(name)"] = tensor }
      }
      #expect(error?.kind == kind && error?.place.item == name)
    }
  }

  @Test func `sizes that cannot belong together are refused`() throws {
    let changes: [(inout ElmoConfiguration) -> Void] = [
      { $0.layerCount = 0 }, { $0.wordLength = 2 }, { $0.filters = [] }, { $0.cellClip = 0 },
      { $0.filters[0].width = 0 }, { $0.highwayCount = -1 }, { $0.stateClip = -1 },
    ]
    for (index, change) in changes.enumerated() {
      let error = #expect(throws: SmithError.self, "change \(index)") {
        try elmo { change(&$0.configuration) }
      }
      #expect(error?.kind == .mismatch && error?.place.item == "configuration")
    }
  }

  @Test func `an equal width needs no map`() throws {
    // 7 wide memory and state, no map: the state is the cell's output, and never clipped.
    var fixture = fixture
    fixture.configuration.stateSize = 7
    fixture.configuration.stateClip = 1e-3
    for (name, tensor) in fixture.tensors where name.hasPrefix("parameter.blocks.") {
      if name.hasSuffix("projection.weight") { fixture.tensors[name] = nil }
      if name.contains(".input.") || name.contains(".state.") {
        fixture.tensors[name]?.shape = [7, 7]
        fixture.tensors[name]?.bytes = tensor.bytes + tensor.bytes.prefix(56)
      }
    }
    fixture.tensors["parameter.embeddings.projection.weight"]?.shape = [7, 14]
    let map = "parameter.embeddings.projection"
    fixture.tensors["\(map).weight"]?.bytes = [UInt8](repeating: 0, count: 7 * 14 * 4)
    fixture.tensors["\(map).bias"] = EncoderFixture.Tensor([1, 2, 3, 4, 5, 6, 7])
    let elmo = try Elmo(
      fixture.configuration, parameters: fixture, backend: CKernelsBackend<Float>())
    let state = try #require(elmo.forward(fixture.input, taps: .everyLayer)["layers.0.forward"])
    #expect(state.values.contains { abs($0) > 0.1 })
  }
}
