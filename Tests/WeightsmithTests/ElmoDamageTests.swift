import Foundation
import TestSupport
import Testing
import Weightsmith

/// ELMo's files with something wrong in them: refused with the place, or found by `verify`.
@Suite struct ElmoDamageTests {
  typealias Tensor = (name: String, shape: [Int], values: [Float])

  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// A model under one of the three sets of names as a safetensors file, changed, with changed options.
  private func model(
    _ folder: String = "elmo/bilm_dump", _ names: Dialect.Name = .original,
    _ damage: (inout [Tensor]) -> Void = { _ in },
    options change: (inout [String: Any]) -> Void = { _ in }
  ) throws -> Model {
    let whole = try Model(Checkpoint.open(Fixtures.path(folder)))
    let path = "\(scratch.path)/\(UUID().uuidString)"
    try Conversion(whole, to: "safetensors", as: names, at: path).run()
    var tensors = try SafetensorsFile(path + "/model.safetensors").tensors
    damage(&tensors)
    try SafetensorsFile(tensors).write(to: path + "/model.safetensors")
    var options = try Variant.json(path + "/options.json")
    change(&options)
    try JSONSerialization.data(withJSONObject: options)
      .write(to: URL(fileURLWithPath: path + "/options.json"))
    return try Model(Checkpoint.open(path))
  }

  private func change(
    _ tensors: inout [Tensor], _ name: String, _ change: (inout Tensor) -> Void
  ) {
    guard let index = tensors.firstIndex(where: { $0.name == name }) else {
      Issue.record("no \(name)")
      return
    }
    change(&tensors[index])
  }

  // MARK: Tensors

  private static let cell = "RNN_0/RNN/MultiRNNCell/Cell1/LSTMCell/"

  @Test(arguments: [
    ("char_embed", "e"), (cell + "W_0", "blocks.1.forward."), (cell + "B", "blocks.1.forward."),
    (cell + "W_P_0", "blocks.1.forward.projection.weight"),
    ("CNN/W_cnn_1", "embeddings.convolutions.1.weight"),
    ("CNN_high_1/b_carry", "embeddings.highways.1.carry.bias"),
    ("CNN_proj/W_proj", "embeddings.projection.weight"),
  ])
  func `a missing and a misshapen tensor are named`(name: String, parameter: String) throws {
    let missing = #expect(throws: SmithError.self) {
      try model { $0.removeAll { $0.name == name } }
    }
    // Without its anchor it is nobody's model.
    #expect(missing?.kind == (name == "char_embed" ? .unsupported : .missing))
    #expect(missing?.description.contains(parameter) == true)
    let bent = #expect(throws: SmithError.self) {
      try model {
        change(&$0, name) { tensor in
          let row = tensor.shape.dropFirst().reduce(1, *)
          tensor.shape[0] += 1
          tensor.values += [Float](repeating: 0, count: row)
        }
      }
    }
    #expect(bent?.kind == .mismatch)
    #expect(bent?.description.contains(parameter) == true, "\(bent?.description ?? "")")
  }

  @Test func `an extra tensor is named, and so is a count that nobody has`() throws {
    let extra = #expect(throws: SmithError.self) {
      try model { $0.append(("CNN_high_0/W_other", [1], [0])) }
    }
    #expect(extra?.kind == .mismatch && extra?.detail.contains("CNN_high_0/W_other") == true)
    let hole = #expect(throws: SmithError.self) {
      try model { $0.append(("CNN/b_cnn_4", [2], [0, 0])) }
    }
    #expect(hole?.detail.contains("embeddings.convolutions") == true)
    let absurd = #expect(throws: SmithError.self) {
      try model("elmo/allennlp", .allennlp) {
        $0.append(("scalar_mix_999999.scalar_parameters.999998", [1], [0]))
      }
    }
    #expect(absurd?.kind == .limit)
    let mixes = #expect(throws: SmithError.self) {
      try model("elmo/allennlp", .allennlp) {
        $0.append(("scalar_mix_0.scalar_parameters.3", [1], [0]))
      }
    }
    #expect(mixes?.kind == .mismatch && mixes?.place.item == "mixes")
  }

  @Test func `a padding row that is not zeros is told, and kept under the same names`() throws {
    let name = "_token_embedder._char_embedding_weights"
    let model = try model("elmo/allennlp_bilm", .allennlp) {
      change(&$0, name) { $0.values[1] = 0.5 }
    }
    #expect(model.notes.contains { $0.contains(name) && $0.contains("padding row") })
    let again = try model.written(
      as: Form(container: "torch", names: .allennlp), to: "\(scratch.path)/again")
    #expect(try Contents(again.checkpoint).differences(from: Contents(model.checkpoint)) == [])
  }

  // MARK: Options

  @Test(arguments: [
    ("char_cnn.embedding.dim", 4), ("char_cnn.n_characters", 300), ("char_cnn.n_highway", 1),
    ("lstm.dim", 8), ("lstm.n_layers", 3), ("lstm.projection_dim", 6),
    ("char_cnn.max_characters_per_token", -1),
  ])
  func `a number that contradicts the tensors is named`(key: String, value: Int) throws {
    let error = #expect(throws: SmithError.self) {
      try model(options: { Self.set(&$0, key, value) })
    }
    #expect(error?.place.item == key && error?.place.file?.hasSuffix("options.json") == true)
    #expect([.mismatch, .malformed].contains(error?.kind))
  }

  @Test func `filters, activation, clips and flags are checked`() throws {
    for (key, value) in [
      ("char_cnn.filters", [[1, 4], [2, 4], [3, 7]] as Any), ("char_cnn.filters", "many"),
      ("char_cnn.activation", "gelu"), ("lstm.cell_clip", -1), ("lstm.proj_clip", "3"),
      ("lstm.use_skip_connections", 1.5),
    ] {
      let error = #expect(throws: SmithError.self) {
        try model(options: { Self.set(&$0, key, value) })
      }
      #expect(error?.place.item == key, "\(key) \(value): \(error?.description ?? "")")
    }
    let skips = #expect(throws: SmithError.self) {
      try model(
        "elmo/allennlp_bilm", .allennlp,
        options: { Self.set(&$0, "lstm.use_skip_connections", false) })
    }
    #expect(skips?.kind == .mismatch && skips?.place.item == "lstm.use_skip_connections")
    let free = try model(options: {
      Self.set(&$0, "lstm.cell_clip", NSNull())
      Self.set(&$0, "lstm.proj_clip", NSNull())
    })
    #expect(free.configuration.elmo.cellClip == nil && free.configuration.elmo.stateClip == nil)
  }

  private static func set(_ options: inout [String: Any], _ key: String, _ value: Any) {
    let path = key.split(separator: ".").map(String.init)
    guard path.count > 1 else {
      options[key] = value
      return
    }
    var inner = options[path[0]] as? [String: Any] ?? [:]
    set(&inner, path.dropFirst().joined(separator: "."), value)
    options[path[0]] = inner
  }

  /// What shapes cannot say must be said; the path of a key may be left out.
  @Test func `without options a user says what the shapes do not`() throws {
    let weights = try Fixtures.bytes("models/elmo/weights.hdf5")
    let path = try scratch.write(weights, as: "alone/weights.hdf5")
    var settings = JSONObject()
    let says: [(String, JSON)] = [
      ("max_characters_per_token", 12), ("activation", "relu"), ("cell_clip", 0.9),
      ("proj_clip", 0.8), ("use_skip_connections", true),
    ]
    for (key, value) in says {
      let options = Model.Options(settings: settings)
      let error = #expect(throws: SmithError.self) {
        try Model(Checkpoint.open(path), options: options)
      }
      #expect(error?.kind == .missing && error?.remedy?.contains("--set ") == true)
      #expect(says.contains { error?.place.item?.hasSuffix("." + $0.0) == true })
      settings[key] = value
    }
    let model = try Model(Checkpoint.open(path), options: Model.Options(settings: settings))
    let sample = try Model(Checkpoint.open(Fixtures.path("models/elmo")))
    #expect(model.configuration.elmo == sample.configuration.elmo)
    let slip = #expect(throws: SmithError.self) {
      try Model(Checkpoint.open(path), options: Model.Options(settings: ["clip": 3]))
    }
    #expect(slip?.kind == .usage)
  }

  // MARK: Inputs

  @Test(arguments: [
    (51, 5, "51 characters"), (50, 262, "character 262"), (50, 900, "character 900"),
  ])
  func `a reference's characters must fit the model`(
    length: Int, character: Int, part: String
  ) throws {
    var row = [Float](repeating: 261, count: length)
    row[0] = Float(character)
    let path = "\(scratch.path)/reference.safetensors"
    try SafetensorsFile([
      ("char_ids", [1, 1, length], row),
      ("outputs.0", [1, 1, 10], [Float](repeating: 0, count: 10)),
    ])
    .write(to: path)
    let model = try Model(Checkpoint.open(Fixtures.path("elmo/bilm")))
    let error = #expect(throws: SmithError.self) {
      try Verification(of: model, against: model).compare(against: ReferenceOutputs(path))
    }
    #expect(error?.kind == .mismatch && error?.detail.contains(part) == true)
    #expect(error?.place.file == path)
  }

  // MARK: Sabotage

  /// Damage, the first activation that must be named, and the parameters that must.
  struct Sabotage: Sendable, CustomTestStringConvertible {
    var name: String
    var divergence: String
    var parameters: Set<String> = []
    var tensors: @Sendable (inout [Tensor]) -> Void = { _ in }
    var options: @Sendable (inout [String: Any]) -> Void = { _ in }
    var testDescription: String { name }
  }

  private static let gates = "_elmo_lstm.forward_layer_1."

  private static func edit(
    _ name: String, _ change: @escaping @Sendable (inout [Float]) -> Void
  ) -> @Sendable (inout [Tensor]) -> Void {
    { tensors in
      guard let index = tensors.firstIndex(where: { $0.name == name }) else {
        Issue.record("no \(name)")
        return
      }
      change(&tensors[index].values)
    }
  }

  static let sabotages = [
    Sabotage(
      name: "swapped gates", divergence: "layers.1.forward",
      parameters: [
        "layers.1.forward.inputGate.input.weight", "layers.1.forward.forgetGate.input.weight",
      ],
      tensors: edit(gates + "input_linearity.weight") { values in
        let size = values.count / 4  // input, forget, candidate, output
        values = Array(values[size..<2 * size] + values[..<size] + values[(2 * size)...])
      }),
    Sabotage(
      name: "transposed square matrix", divergence: "embeddings",
      parameters: ["embeddings.highways.1.transform.weight"],
      tensors: edit("_token_embedder._highways._layers.1.weight") { values in
        let (old, width) = (values, 14)
        for index in 0..<width * width {
          values[index] = old[index % width * width + index / width]
        }
      }),
    Sabotage(
      name: "forget bias without the 1", divergence: "layers.1.forward",
      parameters: ["layers.1.forward.forgetGate.bias"],
      tensors: edit(gates + "state_linearity.bias") { values in
        for index in 7..<14 { values[index] -= 1 }
      }),
    Sabotage(
      name: "corrupt bias", divergence: "layers.0.backward",
      parameters: ["layers.0.backward.outputGate.bias"],
      tensors: edit("_elmo_lstm.backward_layer_0.state_linearity.bias") { $0[24] += 0.01 }),
    Sabotage(
      name: "carry of the other sign", divergence: "embeddings",
      parameters: ["embeddings.highways.0.carry.bias"],
      tensors: edit("_token_embedder._highways._layers.0.bias") { values in
        for index in 14..<28 { values[index] = -values[index] }
      }),
    Sabotage(
      name: "characters one row off", divergence: "embeddings",
      parameters: ["embeddings.character"],
      tensors: edit("_token_embedder._char_embedding_weights") { values in
        values = Array(values.dropFirst(3)) + values.prefix(3)
      }),
    Sabotage(
      name: "not a number", divergence: "layers.1.backward",
      parameters: ["layers.1.backward.projection.weight"],
      tensors: edit("_elmo_lstm.backward_layer_1.state_projection.weight") { $0[3] = .nan }),
    Sabotage(
      name: "other clip of the memory", divergence: "layers.0.forward",
      options: { set(&$0, "lstm.cell_clip", 0.05) }),
    Sabotage(
      name: "other clip of the state", divergence: "layers.0.forward",
      options: { set(&$0, "lstm.proj_clip", 0.01) }),
    Sabotage(
      name: "other activation", divergence: "embeddings",
      options: { set(&$0, "char_cnn.activation", "tanh") }),
  ]

  @Test(arguments: sabotages)
  func `is found and its place is named`(sabotage: Sabotage) throws {
    let original = try Model(Checkpoint.open(Fixtures.path("elmo/bilm")))
    let whole = try model("elmo/bilm", .allennlp)
    #expect(try Verification(of: whole, against: original).compare(on: .standard).holds)
    let broken = try model(
      "elmo/bilm", .allennlp, sabotage.tensors, options: sabotage.options)
    let report = try Verification(of: broken, against: original).compare(on: .standard)
    #expect(!report.holds && report.policy == .exact)
    #expect(report.firstDivergence == sabotage.divergence)
    #expect(Set(report.failingTensors.map(\.name)) == sabotage.parameters)
    // Layers behind a broken one inherit its error; fed the reference's input, the other direction is clean.
    if sabotage.divergence == "layers.1.forward" {
      #expect(report.layers.first { $0.name == "layers.1.backward" }?.isWithin == true)
    }
  }
}
