import SmithBytes
import SmithKernels

/// ELMo as a family chooses it.
public struct ElmoArchitecture: Architecture {
  public init() {}

  public var name: String { "elmo" }

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
      ("heads", .text(it.heads.isEmpty ? "none" : it.heads.joined(separator: ", "))),
    ]
  }
}

extension Elmo: ForwardPass {
  public func forward(
    _ input: ModelInput, taps: Taps, replacing replacement: ((String) -> [Scalar]?)?,
    workers: Workers
  ) throws(SmithError) -> Activations<Scalar> {
    guard case .characters(let characters) = input else {
      throw SmithError(.usage, "ELMo reads characters of words, not \(input.kind)")
    }
    return try forward(characters, taps: taps, replacing: replacement, workers: workers)
  }
}
