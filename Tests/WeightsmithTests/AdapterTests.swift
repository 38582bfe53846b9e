import Foundation
import SmithBytes
import SmithModels
import TestSupport
import Testing
import Weightsmith

/// Adapters that `peft` saved, merged here and by its own merge_and_unload.
@Suite struct AdapterTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  static let cases = [
    ("plain", "bert"), ("patterns", "bert"), ("saved", "bert"), ("dora", "bert"),
    ("columns", "gpt2"), ("columns_dora", "gpt2"),
  ]

  private func merged(_ adapter: String, into base: String) throws -> Checkpoint {
    try Checkpoint.open(Fixtures.path("models/\(base)/hf"))
      .merging(adapter: adapter.hasPrefix("/") ? adapter : Fixtures.path("adapters/\(adapter)"))
  }

  /// peft adds in f32; we round once. The weights are at most 4: their last place is 5e-7.
  @Test(arguments: cases)
  func `gives what peft gives`(adapter: String, base: String) throws {
    let out = "\(scratch.path)/out"
    let format = try Conversion.Target.format(named: "safetensors", for: out)
    let conversion = Conversion(
      .checkpoint(try merged(adapter, into: base)),
      to: Conversion.Target(format: format, names: nil), at: out)
    try conversion.run()
    let ours = try SafetensorsFile("\(out)/model.safetensors")
    let old = try SafetensorsFile(Fixtures.path("models/\(base)/hf/model.safetensors"))
    let theirs = try SafetensorsFile(Fixtures.path("adapters/\(adapter)/merged.safetensors"))
    let names = Set(ours.tensors.map(\.name))
    var changed = 0
    for (name, shape, values) in theirs.tensors where names.contains(name) {
      #expect(ours.shape(name) == shape, "\(name)")
      let worst = zip(ours[name], values).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 1e-6, "\(name)")
      if old.shape(name) == shape, old[name] != values { changed += 1 }
    }
    #expect(changed >= 3)
    // What the adapter does not speak of is copied, bit for bit.
    for (name, _, values) in theirs.tensors where old[name] == values {
      #expect(ours[bytes: name] == old[bytes: name], "\(name)")
    }
  }

  /// A merged checkpoint is a model like any other, in any names.
  @Test func `is read as a model`() throws {
    let model = try Model(merged("plain", into: "bert"))
    let written = try model.written(
      as: Form(container: "tf", names: .original), to: "\(scratch.path)/tf")
    let report = try TransformReport(from: model, to: written)
    #expect(report.changed.isEmpty)
    for layer in report.layers { #expect(layer.maxAbs == 0, "\(layer.name)") }
  }

  @Test func `no adapter at all`() throws {
    let error = #expect(throws: SmithError.self) { try merged(scratch.path, into: "bert") }
    #expect(error?.kind == .notFound && error?.place.file == scratch.path)
  }

  @Test(arguments: [("columns", "bert", "transformer.h.0"), ("plain", "gpt2", "bert.encoder")])
  func `another base`(adapter: String, base: String, missing: String) throws {
    let error = #expect(throws: SmithError.self) { try merged(adapter, into: base) }
    #expect(error?.kind == .mismatch && error?.detail.contains(missing) == true)
    #expect(error?.detail.contains("more") == true)
  }

  static let settings: [(String, JSON, SmithError.Kind?)] = [
    ("peft_type", JSON.string("IA3"), SmithError.Kind.unsupported),
    ("init_lora_weights", "pissa", .unsupported), ("lora_bias", true, .unsupported),
    ("trainable_token_indices", [1], .unsupported), ("alora_invocation_tokens", [3], .unsupported),
    ("rank_pattern", ["layer.[12].query": 3], .unsupported),
    ("alpha_pattern", ["query": "much"], .malformed), ("rank_pattern", ["query": 0], .malformed),
    ("r", 0, .malformed), ("r", .null, .malformed), ("r", 3, .mismatch),
    ("lora_alpha", "x", .malformed), ("use_dora", true, .mismatch),
    ("fan_in_fan_out", true, nil),
  ]

  /// Each setting would make another sum of the same tensors.
  @Test(arguments: settings)
  func `settings that are not merged so`(key: String, value: JSON, kind: SmithError.Kind?) throws {
    let folder = "\(scratch.path)/adapter"
    try FileManager.default.copyItem(atPath: Fixtures.path("adapters/plain"), toPath: folder)
    let file = "\(folder)/adapter_config.json"
    var settings = try #require(
      JSON.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: file)))).objectValue)
    settings[key] = value
    try scratch.write(
      Array(JSON.object(settings).serialized().utf8), as: "adapter/adapter_config.json")
    if let kind {
      let error = #expect(throws: SmithError.self) { try merged(folder, into: "bert") }
      #expect(error?.kind == kind, "\(error?.description ?? "")")
    } else {
      // Square matrices fit both ways: only the setting tells.
      _ = try merged(folder, into: "bert")
    }
  }

  @Test(arguments: [0, 1, 7, 100, 2000])
  func `damaged weights`(length: Int) throws {
    let folder = "\(scratch.path)/adapter"
    try FileManager.default.copyItem(atPath: Fixtures.path("adapters/plain"), toPath: folder)
    let bytes = try Fixtures.bytes("adapters/plain/adapter_model.safetensors")
    try scratch.write(Array(bytes.prefix(length)), as: "adapter/adapter_model.safetensors")
    #expect(throws: SmithError.self) { try merged(folder, into: "bert") }
  }
}
