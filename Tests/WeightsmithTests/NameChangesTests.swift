import Foundation
import SmithModels
import TestSupport
import Testing
import Weightsmith

@Suite struct NameChangesTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func write(_ path: String, _ changes: NameChanges) throws -> Contents {
    let checkpoint = try Checkpoint.open(Fixtures.path(path)).applying(changes)
    let out = "\(scratch.path)/out"
    let format = try Conversion.Target.format(named: "safetensors", for: out)
    try Conversion(
      .checkpoint(checkpoint), to: Conversion.Target(format: format, names: nil), at: out
    ).run()
    return try Contents(out)
  }

  @Test(arguments: [
    ("a.*", "b.*", "a.x.y", "b.x.y"), ("*", "m.*", "a", "m.a"), ("a", "b", "a", "b"),
    ("*.gamma", "*.weight", "x.gamma", "x.weight"), ("a", "b", "aa", nil),
    ("*.layer.*.w", "h.*.of.*", "e.layer.3.w", "h.e.of.3"),
    ("*a*", "*-*", "banana", "b-nana"), ("x?*", "y*", "xä.w", "y.w"), ("*ab", "*", "abab", "ab"),
    ("a*b*c", "*|*", "abbcbc", "|bcb"), ("*", "é*", "日本", "é日本"), ("**", "*+*", "ab", "+ab"),
  ])
  func `what stars stand for`(old: String, new: String, name: String, expected: String?) throws {
    let renaming = try NameChanges.Renaming(old, to: new)
    let path = "\(scratch.path)/one.safetensors"
    try SafetensorsFile([(name, [1], [7])]).write(to: path)
    let changes = NameChanges(rename: [renaming])
    if let expected {
      let checkpoint = try Checkpoint.open(path).applying(changes)
      #expect(checkpoint.tensors.map(\.name) == [expected])
      #expect(try checkpoint.source.bytes(checkpoint.tensors[0]) == [0, 0, 0xE0, 0x40])
    } else {
      #expect(throws: SmithError.self) { try Checkpoint.open(path).applying(changes) }
    }
  }

  /// A model of no known family: the tensors that are left have the bytes they had.
  @Test func `any model, bit for bit`() throws {
    let old = try Contents(Fixtures.path("models/llama/hf"))
    let new = try write(
      "models/llama/hf",
      NameChanges(
        keep: [Glob("model.layers.*")], drop: [Glob("*norm*")],
        rename: [try .init("model.layers.*.mlp.*", to: "blocks.*.ffn.*")]))
    var expected: [String: String] = [:]
    for name in old.tensors.keys where name.hasPrefix("model.layers.") && !name.contains("norm") {
      expected[
        name.contains(".mlp.")
          ? name.replacingOccurrences(of: "model.layers", with: "blocks")
            .replacingOccurrences(of: ".mlp.", with: ".ffn.") : name] = name
    }
    #expect(Set(new.tensors.keys) == Set(expected.keys) && expected.count > 8)
    for (name, origin) in expected {
      #expect(new.tensors[name]?.bytes == old.tensors[origin]?.bytes, "\(name)")
    }
  }

  /// Names of a stranger become those of a family, which is then read as one.
  @Test func `renamed into a family`() throws {
    let strange = "\(scratch.path)/strange"
    try FileManager.default.createDirectory(atPath: strange, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Fixtures.path("models/bert/hf/config.json"), toPath: "\(strange)/config.json")
    let own = try SafetensorsFile(Fixtures.path("models/bert/hf/model.safetensors"))
    try SafetensorsFile(own.tensors.map { ("my.\($0.name).x", $0.shape, $0.values) })
      .write(to: "\(strange)/model.safetensors")
    let checkpoint = try Checkpoint.open(strange)
    #expect(throws: SmithError.self) { try Model(checkpoint) }
    let model = try Model(
      checkpoint.applying(NameChanges(rename: [try .init("my.*.x", to: "*")])))
    let original = try Model(Checkpoint.open(Fixtures.path("models/bert/hf")))
    let report = try TransformReport(from: original, to: model)
    #expect(report.changed.isEmpty && !report.layers.isEmpty)
  }

  /// Codes and scales are one tensor to a user.
  @Test func `components follow their tensor`() throws {
    let quantized = "\(scratch.path)/quantized"
    let model = try Model(Checkpoint.open(Fixtures.path("trained/tiny_bert/hf")))
      .applying(.quantize(try #require(Schemes.named("int8-channel"))))
    try Conversion(model, to: "safetensors", as: .hf, at: quantized).run()
    let changes = NameChanges(
      drop: [Glob("*.value.weight")], rename: [try .init("bert.*", to: "model.*")])
    let checkpoint = try Checkpoint.open(quantized).applying(changes)
    let before = try Checkpoint.open(quantized).logicalTensors()
    let after = try checkpoint.logicalTensors()
    #expect(after.count == before.count - 4)
    let name = "model.encoder.layer.0.attention.self.query.weight"
    #expect(after.first { $0.name == name }?.encoding == .scheme("int8-channel"))
    #expect(!checkpoint.tensors.contains { $0.name.contains("value.weight") })
    #expect(!checkpoint.tensors.contains { $0.name.hasPrefix("bert.") })
  }

  @Test(
    arguments: [
      (["x.*"], [], [], SmithError.Kind.usage, "x.*"), ([], ["y*"], [], .usage, "y*"),
      ([], [], [("z", "w")], .usage, "z=w"), ([], ["*"], [], .usage, "no tensor"),
      ([], [], [("*.layer.0.*", "*.layer.1.*")], .refused, "layer.0"),
      ([], [], [("*", "one*one"), ("bert.*", "*")], nil, ""),
    ] as [([String], [String], [(String, String)], SmithError.Kind?, String)])
  func `what cannot be`(
    keep: [String], drop: [String], rename: [(String, String)], kind: SmithError.Kind?,
    named: String
  ) throws {
    let changes = NameChanges(
      keep: keep.map(Glob.init), drop: drop.map(Glob.init),
      rename: try rename.map { try .init($0.0, to: $0.1) })
    let checkpoint = try Checkpoint.open(Fixtures.path("models/bert/hf"))
    guard let kind else {
      #expect(try checkpoint.applying(changes).tensors.allSatisfy { $0.name.hasPrefix("one") })
      return
    }
    let error = #expect(throws: SmithError.self) { try checkpoint.applying(changes) }
    #expect(error?.kind == kind && error?.detail.contains(named) == true)
  }

  @Test func `as many stars on both sides`() {
    for (old, new) in [("a.*", "b"), ("a", "*"), ("*.*", "*"), ("", ""), ("a", "")] {
      let error = #expect(throws: SmithError.self) { try NameChanges.Renaming(old, to: new) }
      #expect(error?.kind == .usage)
    }
  }
}
