import Foundation
import TestSupport
import Testing
import Weightsmith

/// What lies at the destination after a run.
@Suite struct ConversionTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func conversion(
    _ folder: String, to container: String, as names: Dialect.Name?, at name: String = "out"
  ) throws -> Conversion {
    let model = try Model(Checkpoint.open(Fixtures.path(folder)))
    return try Conversion(model, to: container, as: names, at: "\(scratch.path)/\(name)")
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\(name)"))
  }

  /// Every file of a folder, by name.
  private func files(_ folder: String) throws -> [String: Data] {
    try Dictionary(
      uniqueKeysWithValues: scratch.names(in: folder).map { ($0, try bytes("\(folder)/\($0)")) })
  }

  @Test(
    arguments: [
      ("trained/tiny_albert/google_tf", "safetensors", Dialect.Name.hf),
      ("trained/tiny_bert/hf", "tf", .original),
    ],
    [nil, 100_000])
  func `the number of workers changes no byte`(
    sample: (folder: String, container: String, names: Dialect.Name), shardBytes: Int?
  ) throws {
    var made: [[String: Data]] = []
    for workers in 1...3 {
      var work = try conversion(
        sample.folder, to: sample.container, as: sample.names, at: "out\(workers)")
      work.target.maxShardBytes = shardBytes
      work.target.dtype = shardBytes == nil ? nil : .bf16
      work.workers = Workers(workers)
      try work.run()
      made.append(try files("out\(workers)"))
    }
    #expect(made[0] == made[1] && made[0] == made[2] && made[0].count >= 4)
  }

  @Test(arguments: ["safetensors", "tf"])
  func `shards hold what one file holds`(container: String) throws {
    let limit = 150_000
    try conversion("trained/tiny_albert/google_tf", to: container, as: .hf, at: "whole").run()
    var work = try conversion("trained/tiny_albert/google_tf", to: container, as: .hf, at: "shards")
    work.target.maxShardBytes = limit
    let report = try work.run()
    let shards = report.files.filter { $0.contains("-of-") }
    #expect(shards.count > 4)
    #expect(Set(report.files) == Set(scratch.names(in: "shards")))
    let (whole, apart) = (
      try Contents("\(scratch.path)/whole"), try Contents("\(scratch.path)/shards")
    )
    #expect(apart.differences(from: whole) == [])
    let largest = whole.tensors.values.map(\.bytes.count).max() ?? 0
    for shard in shards {
      // A tensor larger than the limit has a file of its own; a safetensors header comes on top.
      #expect(try bytes("shards/\(shard)").count <= max(limit, largest) + 4096, "\(shard)")
    }
    let model = try Model(Checkpoint.open("\(scratch.path)/shards"))
    let original = try Model(Checkpoint.open(Fixtures.path("trained/tiny_albert/google_tf")))
    #expect(try Verification(of: model, against: original).compare(on: .standard).holds)
  }

  @Test func `one file cannot be several, nor hold a bundle`() throws {
    var work = try conversion("models/bert/hf", to: "safetensors", as: .hf, at: "out.safetensors")
    work.target.maxShardBytes = 1000
    #expect(#expect(throws: SmithError.self) { try work.run() }?.kind == .usage)
    #expect(scratch.names() == [])
    work.target.maxShardBytes = nil
    #expect(try work.run().files == ["out.safetensors"])
    #expect(scratch.names() == ["out.safetensors"])
  }

  @Test func `slots are left out, and each says why`() throws {
    let report = try conversion("models/bert/google_tf_slots", to: "safetensors", as: .hf).run()
    let ignored = report.plan.fates.filter { $0.kind == .ignored }
    #expect(ignored.filter { $0.detail == "optimizer slot" }.count == 2 * report.plan.outputs.count)
    #expect(ignored.contains { $0.tensor == "global_step" && $0.detail == "step counter" })
    #expect(
      try conversion("models/bert/google_tf_slots", to: "safetensors", as: nil, at: "kept").run()
        .plan.outputs.count
        == report.plan.fates.count)
  }

  /// A bundle's text has no numbers: it is named as left out, and all else is written.
  @Test func `strings are left out of a container without them`() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("formats/tf_v2_object"))
    let texts = checkpoint.tensors.filter { $0.encoding == .plain(.string) }.map(\.name)
    try #require(!texts.isEmpty)
    let format = try Conversion.Target.format(named: "safetensors", for: "out")
    let work = Conversion(
      .checkpoint(checkpoint), to: Conversion.Target(format: format, names: nil),
      at: "\(scratch.path)/out")
    let report = try work.run()
    #expect(Set(report.plan.fates.filter { $0.kind == .ignored }.map(\.tensor)) == Set(texts))
    #expect(
      Set(try Checkpoint.open("\(scratch.path)/out").tensors.map(\.name)).isDisjoint(with: texts))
  }

  @Test func `a plan is known before anything is read or made`() throws {
    let work = try conversion("models/albert/hf", to: "tf", as: .original)
    let prepared = try work.prepare()
    #expect(
      prepared.plan.outputs.first { $0.name.hasSuffix("self/query/kernel") }?.recipe.steps
        == "transpose ")
    #expect(prepared.plan.outputs.allSatisfy { $0.recipe.isExact })
    #expect(scratch.names() == [])
  }
}
