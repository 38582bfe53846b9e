import TestSupport
import Testing
import Weightsmith

/// The call sites that README and design promise, with nothing imported but the library.
@Suite struct PublicAPITests {
  let scratch: Scratch
  let albert = Fixtures.path("trained/tiny_albert/google_tf")

  init() throws { scratch = try Scratch() }

  @Test func `the library at a glance`() async throws {
    let checkpoint = try Checkpoint.open(albert)
    for tensor in checkpoint.tensors { print(tensor.name, tensor.encoding, tensor.shape) }

    let model = try Model(checkpoint)
    let output = try await model.forward(.init(ids: [[2, 31, 51, 99, 3]]), taps: .everyLayer)

    print(output.taps.map(\.name))

    let smaller = try model.applying(.unshare, .quantize(.int8PerChannel))
    let out = "\(scratch.path)/out/"
    try await smaller.write(to: out, as: .huggingFace) { progress in print(progress.fraction) }

    let report = try await Verification(of: smaller, against: model).run(
      on: .tokens([[2, 31, 51, 99, 3]]))
    print(report.holds, report.firstDivergence ?? "none")

    #expect(checkpoint.tensors.count == 32)
    #expect(output.taps.map(\.name).filter { $0.hasPrefix("layers.") }.count == 4)
    #expect(output["heads.mlm.logits"]?.shape[..<2] == [1, 5])
    #expect(report.holds && report.firstDivergence == nil)
    let written = try Model(Checkpoint.open(out))
    #expect(written.configuration.schedule == [0, 1, 2, 3])
    #expect(written.dialect == .huggingFace)
  }

  @Test func `an un-shared model is the same model, to the last bit`() async throws {
    let model = try Model(Checkpoint.open(albert))
    let unshared = try model.applying(.unshare)
    let report = try await Verification(of: unshared, against: model).run()
    #expect(report.holds && report.policy == .exact)
    #expect(report.layers.allSatisfy { $0.maxAbs == 0 } && report.layers.count == 9)
  }

  @Test func `schemes have names at the call site`() throws {
    let model = try Model(Checkpoint.open(albert))
    for (transform, name) in [
      (Transform.quantize(.q8_0), "q8_0"), (.quantize(.int8PerChannel), "int8-channel"),
      (.quantize(.q4_0), "q4_0"), (.quantize(.mxfp4), "mxfp4"),
    ] {
      let smaller = try model.applying(transform)
      #expect(Set(smaller.parameters.schemes.values) == [name])
      #expect(smaller.parameters.schemes["blocks.0.feedForward.up.weight"] == name)
    }
    let chosen = try #require(Schemes.named("q8_0"))
    let kept = try model.applying(.quantize(chosen, keeping: [Glob("blocks.*")]))
    #expect(kept.parameters.schemes.keys.allSatisfy { !$0.hasPrefix("blocks.") })
    #expect(kept.parameters.schemes["embeddings.word"] == "q8_0")
  }

  @Test func `progress ends at the whole`() async throws {
    let model = try Model(Checkpoint.open(albert))
    let seen = ProgressLog()
    try await model.write(to: "\(scratch.path)/out", as: .hf) { seen.add($0) }
    let last = Dictionary(seen.all.map { ($0.phase, $0.fraction) }, uniquingKeysWith: max)
    #expect(last == [.writing: 1, .readingBack: 1])
  }

  @Test func `an error says which file and which part of it`() {
    let error = #expect(throws: SmithError.self) { try Checkpoint.open("\(scratch.path)/nowhere") }
    #expect(error?.kind == .notFound && error?.place.file == "\(scratch.path)/nowhere")
    let path = Fixtures.path("formats/safetensors_basic.safetensors")
    let unknown = #expect(throws: SmithError.self) { try Model(Checkpoint.open(path)) }
    #expect(unknown?.kind == .unsupported && unknown?.place.file == path)
  }
}
