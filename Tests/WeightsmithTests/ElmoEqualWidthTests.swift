import Foundation
import TestSupport
import Testing
import Weightsmith

/// ELMo whose memory is as wide as its state, and its filters as its words: bilm-tf's graph then has no maps, AllenNLP's module always has.
@Suite struct ElmoEqualWidthTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private static let options = """
    {"lstm": {"cell_clip": 3, "dim": 4, "n_layers": 2, "proj_clip": CLIP, "projection_dim": 4, "use_skip_connections": true},
     "char_cnn": {"activation": "relu", "embedding": {"dim": 2}, "filters": [[1, 2], [2, 2]], "max_characters_per_token": 50,
       "n_characters": 262}}
    """

  /// Neither maps nor highways, so that every width is 4.
  private func model(stateClip: String) throws -> Model {
    var state: UInt64 = 7
    func numbers(_ shape: [Int]) -> [Float] {
      (0..<shape.reduce(1, *)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 23) - 1
      }
    }
    var shapes: [(String, [Int])] = [("char_embed", [261, 2])]
    for (index, width) in [1, 2].enumerated() {
      shapes += [("CNN/W_cnn_\(index)", [1, width, 2, 2]), ("CNN/b_cnn_\(index)", [2])]
    }
    for direction in 0..<2 {
      for layer in 0..<2 {
        let cell = "RNN_\(direction)/RNN/MultiRNNCell/Cell\(layer)/LSTMCell/"
        shapes += [(cell + "W_0", [8, 16]), (cell + "B", [16])]
      }
    }
    let folder = "\(scratch.path)/\(stateClip)"
    let options = Self.options.replacingOccurrences(of: "CLIP", with: stateClip)
    try scratch.write(Array(options.utf8), as: "\(stateClip)/options.json")
    try SafetensorsFile(shapes.map { ($0, $1, numbers($1)) }).write(
      to: folder + "/model.safetensors")
    return try Model(Checkpoint.open(folder))
  }

  @Test func `maps that change nothing come and go`() async throws {
    let model = try model(stateClip: "null")
    #expect(model.configuration.parts == [] && model.dialect == .original)
    let torch = try model.written(
      as: Form(container: "torch", names: .allennlp), to: "\(scratch.path)/torch")
    #expect(torch.configuration.parts == ["projection", "stateProjection"])
    let there = try await Verification(of: torch, against: model).run()
    #expect(there.holds, "\(there.failingTensors) \(there.refusals)")
    let back = try torch.written(
      as: Form(container: "tf", names: .bilm), to: "\(scratch.path)/back")
    #expect(back.configuration.parts == [])
    #expect(try await Verification(of: back, against: model).run().holds)
  }

  /// bilm-tf clips a state only behind a map.
  @Test func `a clip behind a map that is not there is refused`() throws {
    let model = try model(stateClip: "0.1")
    let error = #expect(throws: SmithError.self) {
      try model.written(
        as: Form(container: "torch", names: .allennlp), to: "\(scratch.path)/torch")
    }
    #expect(error?.kind == .refused && error?.detail.contains("stateClip") == true)
  }
}
