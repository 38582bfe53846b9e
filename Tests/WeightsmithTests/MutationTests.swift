import Foundation
import TestSupport
import Testing
import Weightsmith

/// Damaged files on the whole way from opening to a conversion: each must work or throw one `SmithError` that names a file, and
/// a failure leaves nothing at the destination nor beside it. (A trap would end the test process.)
@Suite struct MutationTests {
  /// A fixture folder, and the files of it that belong to the checkpoint; one of them is damaged.
  struct Subject: Sendable, CustomTestStringConvertible {
    var folder: String
    var files: [String]
    var testDescription: String { folder }
  }

  private static let bundle = ["model.ckpt.index", "model.ckpt.data-00000-of-00001"]
  static let subjects = [
    Subject(folder: "models/albert/google_tf", files: bundle + ["albert_config.json"]),
    Subject(folder: "models/bert/google_tf", files: bundle + ["bert_config.json"]),
    Subject(folder: "models/albert/hf", files: ["model.safetensors", "config.json"]),
    Subject(folder: "models/bert/hf", files: ["model.safetensors", "config.json"]),
  ]

  /// More rounds for a longer hunt: `WEIGHTSMITH_MUTATIONS=10000 swift test --filter MutationTests`.
  private static let rounds =
    ProcessInfo.processInfo.environment["WEIGHTSMITH_MUTATIONS"].flatMap { Int($0) } ?? 90

  @Test(arguments: subjects)
  func `a damaged file works or is refused with its place`(subject: Subject) throws {
    let scratch = try Scratch()
    let originals = try subject.files.map { try Fixtures.bytes("\(subject.folder)/\($0)") }
    var refused = 0
    for round in 0..<Self.rounds {
      let target = round % subject.files.count
      for (index, name) in subject.files.enumerated() {
        var mutation = Mutation(seed: UInt64(round))
        let bytes = originals[index]
        let damaged =
          index == target ? mutation.damage(bytes, isText: name.hasSuffix(".json")) : bytes
        try scratch.write(damaged, as: "in/\(name)")
      }
      if let error = convert(in: scratch, to: round.isMultiple(of: 2) ? "safetensors" : "tf") {
        refused += 1
        #expect(error.place.file != nil, "round \(round): \(error)")
        #expect(error.exitCode == 65, "round \(round): \(error)")
        #expect(!error.description.contains("\n"), "round \(round): \(error)")
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(left == ["in"], "round \(round): \(error)")
      }
      try? FileManager.default.removeItem(atPath: scratch.path + "/out")
    }
    #expect(refused > Self.rounds / 3, "the damage does nothing")
  }

  private func convert(in scratch: Scratch, to container: String) -> SmithError? {
    do throws(SmithError) {
      let checkpoint = try Checkpoint.open(scratch.path + "/in")
      _ = try Inspection(checkpoint)
      let model = try Model(checkpoint)
      let destination = scratch.path + "/out"
      let format = try Conversion.Target.format(named: container, for: destination)
      let conversion = Conversion(
        .model(model), to: .init(format: format, names: container == "tf" ? .original : .hf),
        at: destination)
      _ = try conversion.run(conversion.prepare())
      return nil
    } catch { return error }
  }
}
