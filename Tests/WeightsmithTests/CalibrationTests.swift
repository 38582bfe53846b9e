import Foundation
import TestSupport
import Testing

@testable import Weightsmith

/// What layers read, against the activations that the original programs wrote down.
@Suite struct CalibrationTests {
  private static func model(_ path: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path(path)))
  }

  /// The rows of [B, S, width] that are no padding.
  private static func seen(
    _ outputs: ReferenceOutputs, _ name: String, padding: Bool = false
  ) throws -> [[Double]] {
    let found = try #require(outputs.activations.first { $0.name == name })
    let width = try #require(found.shape.last)
    let mask = outputs.input.mask(of: name).flatMap { $0 }
    return mask.indices.filter { padding || mask[$0] != 0 }.map { row in
      found.values[(row * width)..<((row + 1) * width)].map(Double.init)
    }
  }

  /// ALBERT's one block reads the embeddings and every layer's output but the last: the sums run over all depths.
  @Test func `a shared block is seen at every depth`() throws {
    let folder = "models/albert/google_tf"
    let outputs = try ReferenceOutputs(Fixtures.path("\(folder)/reference.safetensors"))
    let model = try Self.model(folder)
    let depth = model.configuration.schedule.count
    // The original program did not write down what its first layer reads.
    let first = try #require(
      model.run(on: .input(outputs.input), taps: .everyLayer)["embeddings.projected"])
    let width = try #require(first.shape.last)
    let mask = outputs.input.mask(of: first.name).flatMap { $0 }
    var rows = mask.indices.filter { mask[$0] != 0 }.map { row in
      first.values[(row * width)..<((row + 1) * width)].map(Double.init)
    }
    for layer in 0..<(depth - 1) { rows += try Self.seen(outputs, "layer_output.\(layer)") }
    let name = "blocks.0.attention.query.weight"
    let found = try #require(
      Calibration(.input(outputs.input)).statistics(of: model, grams: true)[name])
    #expect(found.count == rows.count)
    let gram = try #require(found.gram)
    for i in 0..<found.width {
      let largest = rows.reduce(0) { max($0, $1[i].magnitude) }
      #expect(abs(Double(found.largest[i]) - largest) < 1e-5)
      #expect(abs(found.sums[i] - rows.reduce(0) { $0 + $1[i].magnitude }) < 1e-3)
      for j in 0..<found.width {
        let sum = rows.reduce(0) { $0 + $1[i] * $1[j] }
        #expect(abs(Double(gram.values[i * found.width + j]) - sum) < 1e-3 * max(1, abs(sum)))
      }
    }
  }

  /// The pooler reads one token of each sequence, padded or not.
  @Test func `a pooler reads the first tokens`() throws {
    let folder = "models/bert/google_tf"
    let outputs = try ReferenceOutputs(Fixtures.path("\(folder)/reference.safetensors"))
    let model = try Self.model(folder)
    let last = "layer_output.\(model.configuration.schedule.count - 1)"
    let length = outputs.input.mask(of: last)[0].count
    let rows = try Self.seen(outputs, last, padding: true)
    let first = stride(from: 0, to: rows.count, by: length).map { rows[$0] }
    let found = try #require(
      Calibration(.input(outputs.input)).statistics(of: model)["pooler.weight"])
    #expect(found.count == first.count)
    #expect(found.gram == nil)
    for i in 0..<found.width {
      #expect(abs(found.squares[i] - first.reduce(0) { $0 + $1[i] * $1[i] }) < 1e-4)
    }
  }

  @Test func `batches and padding change nothing`() throws {
    let model = try Self.model("trained/tiny_bert/hf")
    let rows = [[2, 5, 9, 11, 3], [2, 7, 3], [2, 40, 41, 42, 43, 44, 3], [2, 8, 3]]
    let name = "blocks.2.feedForward.down.weight"
    let together = try #require(Calibration(.tokens(rows)).statistics(of: model)[name])
    var count = 0
    var sums = [Double](repeating: 0, count: together.width)
    for row in rows {
      let alone = try #require(Calibration(.tokens([row])).statistics(of: model)[name])
      count += alone.count
      for place in sums.indices { sums[place] += alone.sums[place] }
    }
    #expect(together.count == count)
    for place in sums.indices { #expect(abs(sums[place] - together.sums[place]) < 1e-3) }
  }

  struct File: Sendable, CustomTestStringConvertible {
    var text: String
    var rows: [[Int]]?
    var error = ""
    var testDescription: String { text }
  }

  static let files = [
    File(text: "2,5,3\n\n 2 7 9 3 \n", rows: [[2, 5, 3], [2, 7, 9, 3]]),
    File(text: "[[2, 5, 3], [2, 3]]", rows: [[2, 5, 3], [2, 3]]),
    File(text: #"{"rows": [{"ids": [2, 5, 3], "right": 4}]}"#, rows: [[2, 5, 3]]),
    File(text: #"{"input_ids": [[7]]}"#, rows: [[7]]),
    File(text: " \n\n", error: "no text to calibrate on"),
    File(text: "", error: "no text to calibrate on"),
    File(text: "[]", error: "no rows of token ids"),
    File(text: #"{"rows": [[]]}"#, error: "row 0: no token ids"),
    File(text: #"[[1, 2.5]]"#, error: "row 0: token ids are integers"),
    File(text: "[[1, 2]", error: "byte"),
  ]

  @Test(arguments: files)
  func `a calibration file is rows of ids or lines`(_ file: File) throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/calibration.txt"
    try file.text.write(toFile: path, atomically: true, encoding: .utf8)
    guard let rows = file.rows else {
      let error = #expect(throws: SmithError.self) { try Calibration(file: path) }
      #expect(error.map { "\($0)".contains(file.error) && "\($0)".contains(path) } == true)
      return
    }
    guard case .tokens(let found) = try Calibration(file: path).input else {
      Issue.record("no tokens")
      return
    }
    #expect(found == rows)
  }

  @Test func `words are for models that read words`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/calibration.txt"
    try "a cow in its barn\n".write(toFile: path, atomically: true, encoding: .utf8)
    let calibration = try Calibration(file: path)
    let error = #expect(throws: SmithError.self) {
      try calibration.statistics(of: Self.model("trained/tiny_bert/hf"))
    }
    #expect(error?.kind == .usage)
    #expect(throws: SmithError.self) { try Calibration(file: "\(scratch.path)/none.txt") }
  }
}
