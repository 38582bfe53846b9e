import Foundation
import SmithBytes
import SmithTensors
import TestSupport

@testable import SmithCheckpoints

/// What h5py found in each HDF5 fixture (Fixtures/generate/h5_truth.py): another reader, through `H5Dread`.
struct HDF5Truth: Decodable, Sendable {
  var name: String
  var dtype: String
  var shape: [Int]
  /// CRC-32C of the little-endian bytes; nil where we refuse to read.
  var checksum: UInt32?

  init(from decoder: any Decoder) throws {
    var row = try decoder.unkeyedContainer()
    name = try row.decode(String.self)
    dtype = try row.decode(String.self)
    shape = try row.decode([Int].self)
    checksum = try row.decode(UInt32?.self)
  }

  static let byFile: [String: [HDF5Truth]] = {
    guard let data = FileManager.default.contents(atPath: Fixtures.path("hdf5/truth.json")) else {
      return [:]
    }
    return (try? JSONDecoder().decode([String: [HDF5Truth]].self, from: data)) ?? [:]
  }()

  static let files = byFile.keys.sorted()
}

/// A fixture opened, by its name in `Fixtures/data`.
func openHDF5(_ name: String) throws -> HDF5Source {
  let path = Fixtures.path(name)
  guard name.hasSuffix(".keras") else { return try HDF5Source(path) }
  guard let source = try KerasArchive.open(path) as? HDF5Source else {
    throw SmithError(.mismatch, "another reader for \(name)")
  }
  return source
}

extension HDF5Source {
  func tensor(_ name: String) throws -> TensorInfo {
    guard let tensor = tensors.first(where: { $0.name == name }) else {
      throw SmithError(.missing, "no tensor \(name) in the fixture")
    }
    return tensor
  }

  func bytes(of name: String) throws -> [UInt8] { try bytes(try tensor(name)) }
}
