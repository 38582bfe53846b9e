import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct HDF5RecognitionTests {
  private func recognise(_ path: String) throws -> String? {
    try HDF5.recognise(try InputPath(path))
  }

  @Test(arguments: ["hdf5/user_block.h5", "formats/h5_latest.h5", "models/elmo/weights.hdf5"])
  func `a file by its signature`(_ name: String) throws {
    #expect(try recognise(Fixtures.path(name)) == Fixtures.path(name))
    #expect(try Formats.open(Fixtures.path(name)).container == "hdf5")
  }

  @Test(arguments: [0, 1, 7, 8, 511, 512, 519, 520, 4096])
  func `nothing else`(_ count: Int) throws {
    let scratch = try Scratch()
    let path = try scratch.write([UInt8](repeating: 0x89, count: count), as: "model.h5")
    #expect(try recognise(path) == nil)
    #expect(try recognise(scratch.path) == nil)
  }

  @Test(arguments: [512, 1024, 4096, 65_536])
  func `a signature after a user block`(_ offset: Int) throws {
    let scratch = try Scratch()
    let bytes = [UInt8](repeating: 0, count: offset) + HDF5.signature
    #expect(try recognise(scratch.write(bytes, as: "x")) != nil)
    #expect(try recognise(scratch.write([0] + bytes, as: "y")) == nil)
  }

  @Test func `a folder by tf_model.h5, or by its only HDF5 file`() throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("hdf5/small.h5")
    try scratch.write([0], as: "config.json")
    #expect(try recognise(scratch.path) == nil)
    try scratch.write(bytes, as: "weights.hdf5")
    #expect(try recognise(scratch.path) == "\(scratch.path)/weights.hdf5")
    try scratch.write(bytes, as: "other.h5")
    let error = #expect(throws: SmithError.self) { try recognise(scratch.path) }
    #expect(error?.kind == .mismatch)
    #expect(error?.detail.contains("other.h5, weights.hdf5") == true)
    try scratch.write(bytes, as: "tf_model.h5")
    #expect(try recognise(scratch.path) == "\(scratch.path)/tf_model.h5")
  }
}
