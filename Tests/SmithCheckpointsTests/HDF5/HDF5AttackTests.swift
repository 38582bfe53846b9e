import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Hostile files (Fixtures/generate/h5_cases.py): every one ends in a `SmithError` that says what and where.
@Suite struct HDF5AttackTests {
  @Test(arguments: [
    ("hostile_shape", SmithError.Kind.limit), ("hostile_shape_overflow", .limit),
    ("hostile_sum", .limit), ("hostile_chunk_size", .limit), ("hostile_deep", .limit),
    ("hostile_rank", .limit),
  ])
  func `refused when opened`(_ name: String, _ kind: SmithError.Kind) throws {
    let path = Fixtures.path("hdf5/\(name).h5")
    let error = #expect(throws: SmithError.self) { try HDF5Source(path) }
    #expect(error?.kind == kind)
    #expect(error?.place.file == path)
    #expect(error?.place.item != nil)
  }

  @Test(arguments: [
    ("hostile_bomb", "longer", SmithError.Kind.malformed), ("hostile_bomb", "shorter", .malformed),
    ("hostile_bomb", "stored_too_large", .malformed), ("hostile_bomb", "not_deflate", .malformed),
    ("hostile_bomb", "short_unfiltered", .malformed), ("hostile_chunk_outside", "x", .truncated),
    ("hostile_elsewhere", "external", .refused), ("hostile_elsewhere", "external_group", .refused),
    ("hostile_elsewhere", "storage", .refused), ("hostile_elsewhere", "virtual", .refused),
    ("hostile_elsewhere", "lzf", .unsupported), ("hostile_elsewhere", "scaled", .unsupported),
  ])
  func `refused when read`(_ file: String, _ name: String, _ kind: SmithError.Kind) throws {
    let path = Fixtures.path("hdf5/\(file).h5")
    let source = try HDF5Source(path)
    let error = #expect(throws: SmithError.self) { try source.bytes(of: name) }
    #expect(error?.kind == kind)
    #expect(error?.place.file == path)
    #expect(error?.place.item == name)
  }

  @Test func `links out of the file lead nowhere`() throws {
    let source = try openHDF5("hdf5/hostile_elsewhere.h5")
    let names = source.tensors.map(\.name)
    #expect(names.contains("w"))
    #expect(!names.contains { $0.hasPrefix("through") || $0.hasPrefix("external_group/") })
    #expect(throws: SmithError.self) { try source.strings("backend", of: "external_group") }
    #expect(throws: SmithError.self) { try source.strings("dtype", of: "through/soft") }
  }

  /// A chunk layout that only HDF5 2.0 and later know: read there, and elsewhere an error that says what would help.
  @Test func `a file by a later library`() throws {
    do {
      let source = try openHDF5("hdf5/newer_library.h5")
      #expect(try source.bytes(of: "x") == openHDF5("hdf5/indexes.h5").bytes(of: "btree2"))
    } catch let error as SmithError {
      #expect(error.kind == .unsupported)
      #expect(error.place.item == "x")
      #expect(error.remedy != nil)
    }
  }

  @Test func `truncated at every byte`() throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("hdf5/small.h5")
    let path = try scratch.write(bytes, as: "small.h5")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    for count in stride(from: bytes.count - 1, through: 0, by: -1) {
      try handle.truncate(atOffset: UInt64(count))
      let error = #expect(throws: SmithError.self, "\(count) bytes") { try HDF5Source(path) }
      guard error?.place.file == path else {
        Issue.record("\(count) bytes: \(String(describing: error))")
        return
      }
    }
  }

  /// A tensor whose bytes a stored checksum covers, and where they are in small.h5.
  private static let places: [String: [Int]] = {
    let data = FileManager.default.contents(atPath: Fixtures.path("hdf5/places.json")) ?? Data()
    return (try? JSONDecoder().decode([String: [Int]].self, from: data)) ?? [:]
  }()

  @Test(arguments: ["deflated", "summed"])
  func `a flipped bit in a chunk is found`(_ name: String) throws {
    let place = try #require(Self.places[name])
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("hdf5/small.h5")
    let path = try scratch.write(bytes, as: "small.h5")
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    let source = try HDF5Source(path)
    let tensor = try source.tensor(name)
    var kinds: Set<SmithError.Kind> = []
    for offset in place[0]..<(place[0] + place[1]) {
      try handle.seek(toOffset: UInt64(offset))
      try handle.write(contentsOf: [bytes[offset] ^ UInt8(1 << (offset % 8))])
      let error = #expect(throws: SmithError.self, "byte \(offset)") { try source.bytes(tensor) }
      if let kind = error?.kind { kinds.insert(kind) }
      try handle.seek(toOffset: UInt64(offset))
      try handle.write(contentsOf: [bytes[offset]])
    }
    #expect(kinds.contains(.checksum))
    #expect(kinds.isSubset(of: [.checksum, .malformed]))
    let intact = try openHDF5("hdf5/small.h5").bytes(of: name)
    #expect(try source.bytes(tensor) == intact)
  }

  @Test func `a file that shrinks after it was opened`() throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("hdf5/small.h5")
    let path = try scratch.write(bytes, as: "small.h5")
    let source = try HDF5Source(path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 600)
    let error = #expect(throws: SmithError.self) { try source.bytes(of: "contiguous") }
    #expect(error?.kind == .truncated)
  }

  @Test func `no such file, no such tensor`() throws {
    let scratch = try Scratch()
    let absent = #expect(throws: SmithError.self) { try HDF5Source("\(scratch.path)/none.h5") }
    #expect(absent?.kind == .notFound)
    let folder = #expect(throws: SmithError.self) { try HDF5Source(scratch.path) }
    #expect(folder?.kind == .unsupported)
    let source = try openHDF5("hdf5/small.h5")
    let other = try TensorInfo(name: "other", dtype: .f32, shape: [2])
    #expect(
      throws: SmithError(.missing, "no such tensor").at(
        file: Fixtures.path("hdf5/small.h5"), item: "other")
    ) {
      try source.bytes(other)
    }
  }
}
