import SmithBytes
import SmithTensors
import TestSupport

@testable import SmithCheckpoints

/// What h5py found in each HDF5 fixture (Fixtures/generate/h5_truth.py): another reader, through `H5Dread`.
enum HDF5Truth {
  static let byFile = TrueChecksum.files("hdf5/truth.json")
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
  func bytes(of name: String) throws -> [UInt8] { try bytes(try tensor(name)) }
}
