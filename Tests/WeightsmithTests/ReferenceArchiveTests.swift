import Foundation
import TestSupport
import Testing

@testable import Weightsmith

/// Reference outputs in numpy's archives: the same files as `reference.safetensors`, and what people make of them.
@Suite struct ReferenceArchiveTests {
  static let samples = Samples.withReference.filter { sample in
    sample.dialect == .original
      && Samples.files.contains(sample.reference?.replacing(".safetensors", with: ".npz") ?? "")
  }

  @Test(arguments: samples)
  func `an archive says the same as safetensors`(_ sample: Sample) throws {
    let path = Fixtures.path(try #require(sample.reference))
    let outputs = try ReferenceOutputs(path)
    let archive = try ReferenceOutputs(path.replacing(".safetensors", with: ".npz"))
    #expect(outputs.input == archive.input)
    #expect(!archive.activations.isEmpty)
    #expect(archive.activations.map(\.name) == outputs.activations.map(\.name))
    #expect(archive.activations.map(\.shape) == outputs.activations.map(\.shape))
    #expect(archive.activations.map(\.values) == outputs.activations.map(\.values))
  }

  @Test func `64-bit ids, truth values, big-endian doubles, Fortran order, a remark`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path("models/albert/google_tf")))
    let report = try Verification(of: model, against: model).compare(
      against: ReferenceOutputs(Fixtures.path("npz/reference.npz")))
    #expect(report.holds, "\(report)")
    #expect(report.layers.count == 8)
  }

  @Test func `one sign changed does not hold`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path("models/albert/google_tf")))
    let report = try Verification(of: model, against: model).compare(
      against: ReferenceOutputs(Fixtures.path("npz/reference_wrong.npz")))
    #expect(!report.holds)
    #expect(report.firstDivergence == "pooled")
  }
}
