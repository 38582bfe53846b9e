import Foundation
import TestSupport
import Testing
import Weightsmith

/// Files as people have them: other heads, copies, buffers, old spellings, wrappers. Made from the Hugging Face samples.
@Suite struct VariantTests {
  typealias Tensor = Variant.Tensor

  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func variant(
    of family: String, classes: [String]? = nil, _ change: ([Tensor]) -> [Tensor]
  ) throws -> Model {
    let settings = classes.map { ["architectures": $0] } ?? [:]
    return try Variant(of: family, in: scratch).model(settings: settings, change)
  }

  private func original(_ family: String) throws -> Model { try Variant.original(family) }

  private func isSame(_ candidate: Model, as reference: Model) throws -> Bool {
    try Variant.isSame(candidate, as: reference)
  }

  @Test(arguments: ["albert", "bert"], ["", "module.", "_orig_mod."])
  func `wrappers and a training loop's buffers change nothing`(
    family: String, wrapper: String
  ) throws {
    let model = try variant(of: family) { tensors in
      let buffer: Tensor = (
        "\(family).embeddings.position_ids", [1, 16], (0..<16).map { Float($0) }
      )
      return (tensors + [buffer]).map { (wrapper + $0.name, $0.shape, $0.values) }
    }
    #expect(try isSame(model, as: original(family)))
    #expect(
      model.parameters.fates.filter { $0.kind == .ignored }.map(\.detail) == [
        "buffer, counts 0, 1, 2, …"
      ])
    let again = try model.written(
      as: Form(container: "tf", names: .original), to: "\(scratch.path)/tf")
    #expect(
      try Contents(again.checkpoint)
        == Contents(
          original(family).written(
            as: Form(container: "tf", names: .original), to: "\(scratch.path)/tf2"
          ).checkpoint))
  }

  /// The Flax classes without a head have no scope, and a `TrainState` has the model under `params`.
  @Test(arguments: ["albert", "bert"], ["", "params/"])
  func `a Flax model without heads, alone and in a training state`(
    family: String, wrapper: String
  ) throws {
    let folder = Fixtures.path("models/\(family)/hf")
    let whole = try Contents("\(folder)/flax_model.msgpack").tensors
    let body = whole.filter { $0.key.hasPrefix(family + "/") }
      .map { (name: String($0.key.dropFirst(family.count + 1)), tensor: $0.value) }
    var tensors: [Tensor] = body.map {
      (wrapper + $0.name, $0.tensor.shape, SafetensorsFile.floats($0.tensor.bytes))
    }
    if !wrapper.isEmpty { tensors += [("opt_state/0/count", [], [3]), ("step", [], [3])] }
    let json = try Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))
    try scratch.write(Array(json), as: "src/config.json")
    try SafetensorsFile(tensors).write(to: "\(scratch.path)/src/model.safetensors")

    let model = try Model(Checkpoint.open("\(scratch.path)/src"))
    #expect(model.dialect == .flax && model.configuration.heads == [])
    #expect(
      model.parameters.fates.filter { $0.kind == .ignored }.map(\.detail).sorted()
        == (wrapper.isEmpty ? [] : ["optimizer state", "step counter"]))
    let form = Form(container: "msgpack", names: .flax)
    let written = try model.written(as: form, to: "\(scratch.path)/flax")
    #expect(
      try Contents(written.checkpoint).tensors
        == Dictionary(uniqueKeysWithValues: body.map { ($0.name, $0.tensor) }))
  }

  @Test(arguments: ["albert", "bert"])
  func `norms in the old spelling`(family: String) throws {
    let model = try variant(of: family) { tensors in
      tensors.map { tensor in
        var name = tensor.name
        for norm in ["LayerNorm", "full_layer_layer_norm"] {
          name = name.replacingOccurrences(of: norm + ".weight", with: norm + ".gamma")
            .replacingOccurrences(of: norm + ".bias", with: norm + ".beta")
        }
        return (name, tensor.shape, tensor.values)
      }
    }
    #expect(model.parameters.fates.contains { $0.tensor.hasSuffix(".gamma") })
    #expect(try isSame(model, as: original(family)))
  }

  /// `classifier` is the name of two heads; the class in the configuration tells them apart.
  @Test(arguments: ["albert", "bert"], ["Sequence", "Token"])
  func `classifiers keep their kind on every way`(family: String, kind: String) throws {
    let name = (family == "albert" ? "Albert" : "Bert") + "For\(kind)Classification"
    let model = try variant(of: family, classes: [name]) { tensors in
      let body = tensors.filter {
        $0.name.hasPrefix(family) && (kind == "Sequence" || !$0.name.contains("pooler"))
      }
      let weight: [Float] = (0..<60).map { Float($0 % 7) - 3 }
      return body + [
        ("classifier.weight", [5, 12], weight), ("classifier.bias", [5], [1, 2, 3, 4, 5]),
      ]
    }
    #expect(
      model.configuration.heads == [kind.lowercased()]
        && model.configuration.classes.values.first == 5)
    for names in [Dialect.Name.keras, .flax] {
      let away = try model.written(
        as: Form(container: "safetensors", names: names), to: "\(scratch.path)/\(names)")
      let back = try away.written(
        as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/from \(names)")
      #expect(back.configuration.heads == model.configuration.heads)
      #expect(try isSame(away, as: model) && isSame(back, as: model))
      #expect(try Contents(back.checkpoint) == Contents(model.checkpoint))
    }
    let google = try Conversion(model, to: "tf", as: .original, at: "\(scratch.path)/tf")
    if kind == "Sequence" {
      try google.run()
      #expect(try isSame(Model(Checkpoint.open(google.destination)), as: model))
    } else {
      #expect(#expect(throws: SmithError.self) { try google.run() }?.kind == .refused)
    }
  }
}
