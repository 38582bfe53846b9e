import Foundation
import TestSupport
import Testing
import Weightsmith

/// There and back again: what a conversion takes away or bends cannot come back to the same bytes.
@Suite struct RoundTripTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Each form made from each other is, byte for byte, the one made from the sample: so every way there and back ends where it began.
  @Test(arguments: Samples.models)
  func `one form, another and the first again keep every byte`(sample: Sample) throws {
    let model = try sample.model()
    let forms = sample.forms
    let made = try forms.map { try model.written(as: $0, to: "\(scratch.path)/\($0)") }
    for (from, first) in zip(forms, made) {
      #expect(first.dialect == from.names)
      for (to, expected) in zip(forms, made) where to.description != from.description {
        let second = try first.written(as: to, to: "\(scratch.path)/\(to) from \(from)")
        let (old, new) = (try Contents(expected.checkpoint), try Contents(second.checkpoint))
        let rounded = second.rounded
        let others = new.differences(from: old).filter { !rounded.contains($0) }
        #expect(others == [], "\(from) to \(to)")
        if !rounded.isEmpty {
          try isSettled(second, expected, by: from, in: "\(to) from \(from) again")
        }
        #expect(second.configuration.settings == expected.configuration.settings)
        #expect(second.configuration.schedule == expected.configuration.schedule)
        #expect(second.configuration.activation == expected.configuration.activation)
        #expect(second.configuration.sizes == expected.configuration.sizes)
        #expect(second.configuration.paddingToken == expected.configuration.paddingToken)
        #expect(second.configuration.layerNormEpsilon == expected.configuration.layerNormEpsilon)
        #expect(second.configuration.parts == expected.configuration.parts)
        #expect(second.configuration.isUntied == (sample.isUntied))
      }
    }
  }

  /// Where one layout has a constant in its numbers, f32 rounds once: what programs compute with is the same to the last bit, and another
  /// way round changes nothing more.
  private func isSettled(
    _ second: Model, _ first: Model, by form: Form, in folder: String
  ) throws {
    let report = try Verification(of: second, against: first).compare(on: .standard)
    #expect(report.holds, "\(report.failingTensors.map(\.name)) \(report.firstDivergence ?? "")")
    let own = Form(container: second.checkpoint.container, names: second.dialect)
    let third = try second.written(as: form, to: "\(scratch.path)/\(folder), away")
      .written(as: own, to: "\(scratch.path)/\(folder)")
    let (old, new) = (try Contents(second.checkpoint), try Contents(third.checkpoint))
    #expect(new.differences(from: old) == [])
  }

  @Test(arguments: Samples.models.filter(\.isStrange))
  func `a head that the original program lacks is refused, never dropped`(sample: Sample) throws {
    let work = try Conversion(sample.model(), to: "tf", as: .original, at: "\(scratch.path)/out")
    let error = #expect(throws: SmithError.self) { try work.run() }
    #expect(
      error?.kind == .refused && error?.detail.contains("cannot be written for original") == true)
    #expect(scratch.names() == [])
  }

  /// Through each other form back to the sample's own: the tensors that fill parameters are the sample's. TF-Hub's `module/`, a trainer's `module.` and the
  /// counters in a Keras file's names are how it was made, and are not made again; all other names are the sample's too.
  @Test(arguments: Samples.models.filter { !$0.isFused && $0.dialect != .modelGarden })
  func `the way back ends at the sample itself`(sample: Sample) throws {
    let model = try sample.model()
    let stored = try Contents(model.checkpoint)
    let containers: [Dialect.Name: String] = [
      .original: sample.path.hasSuffix(".hdf5") ? "hdf5" : "tf", .hf: "safetensors",
      .keras: "hdf5", .flax: "msgpack", .fairseq: "torch", .bilm: "tf", .allennlp: "torch",
    ]
    let own = Form(container: try #require(containers[sample.dialect]), names: sample.dialect)
    for form in sample.forms where form.names != sample.dialect {
      let away = try model.written(as: form, to: "\(scratch.path)/\(form)")
      #expect(away.parameters.parameterCount == model.parameters.parameterCount)
      let back = try away.written(as: own, to: "\(scratch.path)/back from \(form)")
      let contents = try Contents(back.checkpoint)
      let filled = Dictionary(uniqueKeysWithValues: back.used.map { ($1, $0) })
      #expect(back.used.count == model.used.count)
      for (name, parameter) in model.used {
        let written = try #require(filled[parameter])
        if !back.rounded.contains(written) {
          #expect(contents.tensors[written] == stored.tensors[name], "\(name)")
        }
        let isWrapped = ["module/", "module."].contains { name.hasPrefix($0) }
        let mayChange = sample.dialect == .keras || isWrapped || sample.hasOldNames
        #expect(written == name || mayChange, "\(name)")
      }
    }
  }

  /// What a container cannot hold, said apart from our writers.
  private static func isHeld(_ tensor: TensorInfo, by container: String) -> Bool {
    guard let type = tensor.encoding.dtype else { return container == "gguf" }
    switch container {
    case "tf": return ![.f8e8m0, .f4].contains(type)
    case "hdf5": return ![.f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz, .f4].contains(type)
    case "torch": return ![.f4, .f6e2m3, .f6e3m2].contains(type)
    case "gguf":
      let held: Set<DType> = [.f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64, .string, .opaque]
      return held.contains(type) && tensor.shape.count <= 4 && tensor.name.utf8.count < 64
    default: return type != .c128
    }
  }

  /// Any model or none: names, shapes, types and bytes, or a refusal that says which types are in the way.
  @Test(
    arguments: Samples.readable,
    [
      ["tf", "safetensors"], ["safetensors", "tf"], ["gguf", "safetensors"],
      ["hdf5", "safetensors"], ["safetensors", "hdf5"], ["torch", "safetensors"],
    ])
  func `container to container keeps what is stored`(sample: Sample, way: [String]) throws {
    let checkpoint = try Checkpoint.open(sample.fullPath)
    let folder = try Scratch()
    guard let stored = try? Contents(checkpoint) else {
      #expect(throws: SmithError.self) {
        try verbatim(checkpoint, to: way[0], at: "\(folder.path)/x")
      }
      #expect(folder.names() == [], "a source that cannot be read leaves nothing")
      return
    }
    var current = checkpoint
    for container in way {
      let destination = "\(folder.path)/\(container)"
      do throws(SmithError) {
        let report = try verbatim(current, to: container, at: destination)
        #expect(Set(report.plan.fates.map(\.tensor)) == Set(current.tensors.map(\.name)))
      } catch {
        // A tensor of the name `a` beside `a/b`: HDF5 has folders.
        if container == "hdf5", let name = error.place.item, error.detail.contains(" beside ") {
          #expect(current.tensors.contains { name.hasPrefix($0.name + "/") }, "\(error)")
          return
        }
        let culprits = current.tensors.filter { !Self.isHeld($0, by: container) }
        #expect(error.kind == .refused && !culprits.isEmpty, "\(error)")
        #expect(error.detail.hasPrefix("\(container) cannot hold "))
        for tensor in culprits {
          let words = [tensor.encoding.name, "names of more than", "dimensions"]
          #expect(words.contains { error.detail.contains($0) }, "\(error)")
        }
        #expect(folder.names().allSatisfy { $0 != container && !$0.hasPrefix(".") })
        return
      }
      current = try Checkpoint.open(destination)
      #expect(current.container == container)
      #expect(try Contents(current).differences(from: stored) == [])
    }
  }

  @discardableResult
  private func verbatim(
    _ checkpoint: Checkpoint, to container: String, at destination: String
  ) throws(SmithError) -> ConversionReport {
    let format = try Conversion.Target.format(named: container, for: destination)
    let work = Conversion(
      .checkpoint(checkpoint), to: Conversion.Target(format: format, names: nil), at: destination)
    return try work.run(work.prepare())
  }

  @Test func `the walk finds what it should`() {
    #expect(Samples.readable.count > 60)
    #expect(
      Set(Samples.readable.map { ($0.path as NSString).pathExtension }).isSuperset(of: [
        "index", "safetensors", "h5", "hdf5",
      ]))
  }
}
