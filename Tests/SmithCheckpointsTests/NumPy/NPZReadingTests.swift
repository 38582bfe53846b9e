import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Files that numpy wrote (Fixtures/generate/formats/make_misc.py); `x.json` holds their numbers.
@Suite struct NPZReadingTests {
  private static let x: [Float] = {
    guard let bytes = try? Fixtures.bytes("formats/npy/x.json"),
      let rows = (try? JSON.parse(bytes))?["x"]?.arrayValue
    else { return [] }
    return rows.flatMap { ($0.arrayValue ?? []).compactMap { $0.doubleValue.map(Float.init) } }
  }()

  private func open(_ name: String) throws -> any TensorSource {
    try Formats.open(Fixtures.path("formats/npy/\(name)"))
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(
        bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
    }
  }

  @Test(arguments: ["f32", "fortran", "big_endian", "v2", "v3"])
  func `every spelling of one array`(name: String) throws {
    let source = try open(name + ".npy")
    let tensor = try #require(source.tensors.first)
    #expect(source.container == "npz" && tensor.name == name && tensor.shape == [3, 4])
    #expect(Self.x.count == 12)
    let whole = try source.bytes(tensor)
    #expect(floats(whole) == Self.x)
    // Any range, also one that begins and ends inside an element.
    for start in 0..<48 {
      for end in [start + 1, start + 7, 48] where end <= 48 && end > start {
        #expect(try source.bytes(tensor, start..<end) == Array(whole[start..<end]))
      }
    }
  }

  @Test(arguments: ["stored.npz", "deflated.npz"]) func `archives`(name: String) throws {
    let source = try open(name)
    #expect(source.tensors.map(\.name) == ["layer/w", "b"])
    #expect(source.tensors.map(\.shape) == [[3, 4], [4]])
    #expect(floats(try source.bytes(source.tensors[0])) == Self.x)
    #expect(floats(try source.bytes(source.tensors[1])) == Array(Self.x.prefix(4)))
    for tensor in source.tensors { try source.verifyChecksum(tensor) }
  }

  @Test func `scalars, nothing, truth values, complex numbers`() throws {
    let scalar = try open("scalar.npy")
    #expect(scalar.tensors[0].shape == [] && scalar.tensors[0].encoding == .plain(.f64))
    #expect(try scalar.bytes(scalar.tensors[0]) == [0, 0, 0, 0, 0, 0, 0xF8, 0x3F])
    let empty = try open("empty.npy")
    #expect(empty.tensors[0].shape == [0, 3] && empty.tensors[0].encoding == .plain(.f16))
    let bool = try open("bool.npy")
    #expect(try bool.bytes(bool.tensors[0]) == [1, 0])
    let complex = try open("c64.npy")
    #expect(complex.tensors[0].encoding == .plain(.c64))
    #expect(floats(try complex.bytes(complex.tensors[0])) == [1, 2])
  }

  @Test func `what the file does not say, or not in numbers`() throws {
    let void = try open("bf16_as_void.npy")
    #expect(void.tensors[0].encoding == .plain(.bf16) && void.notes.count == 1)
    let high = try void.bytes(void.tensors[0])
    let rounded = stride(from: 0, to: high.count, by: 2).map {
      Float(bitPattern: (UInt32(high[$0]) | UInt32(high[$0 + 1]) << 8) << 16)
    }
    for (got, wanted) in zip(rounded, Self.x) { #expect(abs(got - wanted) <= abs(wanted) / 256) }
    #expect(try open("unicode.npy").tensors[0].encoding == .plain(.string))
    let pickle = failure { () throws(SmithError) in
      try Formats.open(Fixtures.path("formats/npy/object_pickle.npy"))
    }
    #expect(pickle?.kind == .unsupported && pickle?.detail.contains("pickled") == true)
  }

  /// Every order of three dimensions against the definition, in blocks and at odd places.
  @Test func `Fortran's order by its definition`() throws {
    let shape = [5, 3, 4]
    let stored = (0..<60).map(UInt8.init)
    let wanted = (0..<60).map { place -> UInt8 in
      let (i, j, k) = (place / 12, place / 4 % 3, place % 4)
      return stored[i + 5 * (j + 3 * k)]
    }
    for start in 0..<60 {
      let bytes = try [UInt8](count: 60 - start) { span throws(SmithError) in
        try FortranOrder(shape: shape, width: 1).read(at: start, into: &span) {
          from, piece throws(SmithError) in
          for index in 0..<piece.byteCount {
            piece.storeBytes(of: stored[from + index], toByteOffset: index, as: UInt8.self)
          }
        }
      }
      #expect(bytes == Array(wanted[start...]))
    }
  }
}
