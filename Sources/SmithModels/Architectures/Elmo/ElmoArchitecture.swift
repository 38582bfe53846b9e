import SmithBytes
import SmithKernels

/// ELMo as a family chooses it.
public struct ElmoArchitecture: Architecture {
  public init() {}

  public var name: String { "elmo" }
  public var readsWords: Bool { true }

  public func load<Backend: ComputeBackend>(
    _ configuration: ModelConfiguration, parameters: some ParameterSource, backend: Backend
  ) throws(SmithError) -> any ForwardPass<Backend.Scalar> {
    try Elmo(configuration.elmo, parameters: parameters, backend: backend)
  }

  /// Two sentences of pseudo-random words, the second one shorter. Words of every length that fits are among them.
  public func standardInput(for configuration: ModelConfiguration) -> ModelInput {
    var scatter = Scatter()
    let wordLength = configuration[.wordLength]
    func word() -> [Int] {
      let length = scatter.next(below: max(1, wordLength - 2)) + 1
      let bytes = (0..<length).map { _ in scatter.next(below: 256) }
      return ElmoInput.spelled(bytes, wordLength: wordLength)
    }
    let none = [Int](repeating: 0, count: wordLength)
    let sentences = [12, 7].map { count in
      (0..<12).map { $0 < count ? word() : none }
    }
    return .characters(ElmoInput(characters: sentences))
  }

  public func input(
    ids rows: [[Int]], for configuration: ModelConfiguration
  ) throws(SmithError) -> ModelInput {
    throw SmithError(
      .usage, "ELMo reads characters of words, not token ids", remedy: "--text \"Hello world\"")
  }

  public func input(
    words sentences: [[String]], for configuration: ModelConfiguration
  ) throws(SmithError) -> ModelInput {
    .characters(ElmoInput(words: sentences, wordLength: configuration[.wordLength]))
  }

  /// The filters are in the shapes of the convolutions, in the order of their numbers; together they must be as wide as what reads them.
  public func complete(
    _ it: inout ModelConfiguration, shapes: [Dimension: Int], problem: SettingProblem
  ) throws(SmithError) {
    let pairs = (0..<it[.convolutions]).map { index in
      ["width", "count"].map { shapes[.each($0, of: "f", at: index)] ?? 0 }
    }
    // Of a filter whose tensor is missing the reader of the tensors speaks.
    if pairs.contains(where: { $0.contains(0) }) { return }
    let shown = JSON.array(pairs.map { .array($0.map(JSON.integer)) })
    let numbers = it.settings[.filters]?.arrayValue?.map { pair in
      (pair.arrayValue ?? []).map { $0.intValue ?? 0 }
    }
    if let stated = it.settings[.filters], numbers != pairs {
      throw problem(
        .mismatch, .filters, "\(stated.serialized()), but \(shown.serialized()) by the shapes",
        shown.serialized())
    }
    it.settings[.filters] = shown
    let total = pairs.reduce(0) { $0 + $1[1] }
    // Without highways and a map the filters are read by the LSTM itself.
    let readers = shapes[.size(.filters)] ?? it[.hidden]
    guard total == readers else {
      throw SmithError(
        .mismatch, "\(total) character filters, but \(readers) are read",
        at: Place(item: "embeddings.convolutions"))
    }
    it.sizes[.filters] = total
    let outputs = it[.layers] + 1
    if it[.mixes] > 0, it[.outputs] != outputs {
      throw SmithError(
        .mismatch, "weights for \(it[.outputs]) outputs, the model has \(outputs)",
        at: Place(item: "mixes"))
    }
    it.sizes[.outputs] = outputs
  }

  public func summary(of it: ModelConfiguration) -> [(label: String, text: Summary)] {
    let elmo = it.elmo
    let sizes = [
      Symbol("V", it[.characters]), Symbol("c", it[.characterWidth]), Symbol("F", it[.filters]),
      Symbol("P", it[.hidden]), Symbol("D", it[.cell]), Symbol("L", it[.layers]),
      Symbol("C", it[.wordLength]),
    ]
    let filters = elmo.filters.map { "\($0.count) of \($0.width)" }.joined(separator: ", ")
    let clips = [("memory", elmo.cellClip), ("state", elmo.stateClip)].map { name, clip in
      clip.map { "\(name) clipped at \($0)" } ?? "\(name) not clipped"
    }
    let skips = elmo.skipsConnections ? "skip connections" : "no skip connections"
    return [
      ("layers", .text("\(elmo.layerCount), forward and backward; \(skips)")),
      ("sizes", .sizes(sizes)),
      ("filters", .text("\(filters); \(elmo.highwayCount) highways")),
      ("activation", .text("\(it.activation.rawValue); \(clips.joined(separator: ", "))")),
      ("heads", .text(it[.mixes] == 0 ? "none" : "\(it[.mixes]) mixes of the layers")),
    ]
  }
}

extension Elmo: ForwardPass {
  public func forward(
    _ input: ModelInput, taps: Taps, replacing replacement: ((String) -> [Scalar]?)?,
    observer: LinearObserver<Scalar>?, workers: Workers
  ) throws(SmithError) -> Activations<Scalar> {
    guard case .characters(let characters) = input else {
      throw SmithError(.usage, "ELMo reads characters of words, not \(input.kind)")
    }
    return try forward(characters, taps: taps, replacing: replacement, workers: workers)
  }
}
