import SmithBytes
import SmithTensors
import Synchronization
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct HDF5ReadTests {
  @Test func `truth covers the fixtures`() {
    #expect(HDF5Truth.files.count >= 30)
    #expect(HDF5Truth.byFile["formats/h5_zoo.h5"]?.count == 33)
    #expect(HDF5Truth.byFile["models/elmo/weights.hdf5"]?.isEmpty == false)
  }

  @Test(arguments: HDF5Truth.files)
  func `names, types, shapes and bytes are those that h5py reads`(_ file: String) throws {
    let truth = try #require(HDF5Truth.byFile[file])
    let source = try openHDF5(file)
    #expect(Set(source.tensors.map(\.name)) == Set(truth.map(\.name)))
    #expect(source.tensors.count == truth.count)
    for expected in truth {
      let tensor = try source.tensor(expected.name)
      #expect(tensor.encoding.name == expected.dtype, "\(expected.name)")
      #expect(tensor.shape == expected.shape, "\(expected.name)")
      if let checksum = expected.checksum {
        #expect(CRC32C.of(try source.bytes(tensor)) == checksum, "\(expected.name)")
      } else {
        #expect(throws: SmithError.self, "\(expected.name)") { try source.bytes(tensor) }
      }
    }
  }

  @Test func `tensors come in the order of their bytes`() throws {
    let source = try openHDF5("formats/hf_tf_bert/tf_model.h5")
    let bytes = try Fixtures.bytes("formats/hf_tf_bert/tf_model.h5")
    // Values that occur once in the file show where their tensor is.
    var places: [Int] = []
    for tensor in source.tensors where tensor.byteCount >= 256 {
      places.append(try #require(bytes.firstRange(of: try source.bytes(tensor))?.lowerBound))
    }
    #expect(places.count > 5)
    #expect(places == places.sorted())
  }

  @Test(arguments: [
    ("filters.h5", "cube_gzip_shuffle"), ("filters.h5", "all_big_endian"),
    ("filters.h5", "missing_big_endian"), ("filters.h5", "four_dimensions"),
    ("filters.h5", "int_order"), ("filters.h5", "never_written"), ("filters.h5", "edge"),
    ("user_block.h5", "contiguous"), ("many_chunks.h5", "many_gzip"),
  ])
  func `any byte range reads as that part of the whole`(_ file: String, _ name: String) throws {
    let source = try openHDF5("hdf5/\(file)")
    let tensor = try source.tensor(name)
    let whole = try source.bytes(tensor)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<60 {
      let start = Int.random(in: 0...whole.count, using: &generator)
      let count = min(Int.random(in: 0...64, using: &generator), whole.count - start)
      var part = [UInt8](repeating: 0xEE, count: count)
      var span = part.mutableSpan
      var raw = span.mutableBytes
      try source.read(tensor, at: start, into: &raw)
      #expect(part == Array(whole[start..<(start + count)]), "\(start), \(count)")
    }
  }

  @Test func `bytes past the end are refused`() throws {
    let source = try openHDF5("formats/h5_zoo.h5")
    let tensor = try source.tensor("be_f32")
    for offset in [-1, tensor.byteCount - 3, tensor.byteCount, .max] {
      var part = [UInt8](repeating: 0, count: 4)
      let error = #expect(throws: SmithError.self) {
        var span = part.mutableSpan
        var raw = span.mutableBytes
        try source.read(tensor, at: offset, into: &raw)
      }
      #expect(error?.kind == (offset == .max ? .limit : .usage))
    }
  }

  @Test func `chunks never written hold the fill value`() throws {
    let source = try openHDF5("hdf5/filters.h5")
    let missing = try source.bytes(of: "missing_big_endian")
    #expect(Array(missing.prefix(4)) == [0xF9, 0xFF, 0xFF, 0xFF])
    #expect(try source.bytes(of: "never_written").prefix(4) == [0, 0, 0xC0, 0x3F])
  }

  @Test func `many threads read at once`() throws {
    let files = ["formats/h5_zoo.h5", "hdf5/filters.h5", "hdf5/many_chunks.h5"]
    let sources = try files.map { try openHDF5($0) }
    let checked = Atomic<Int>(0)
    try Workers(8).forEach(48) { (item) throws(SmithError) in
      let (source, truth) = (sources[item % 3], HDF5Truth.byFile[files[item % 3]] ?? [])
      for expected in truth {
        guard let checksum = expected.checksum,
          let tensor = source.tensors.first(where: { $0.name == expected.name })
        else { continue }
        guard CRC32C.of(try source.bytes(tensor)) == checksum else {
          throw SmithError(.checksum, "differs", at: Place(item: expected.name))
        }
        checked.wrappingAdd(1, ordering: .relaxed)
      }
    }
    #expect(checked.load(ordering: .relaxed) > 48 * 2)
  }

  @Test func `many threads open and close at once`() throws {
    let files = HDF5Truth.files.filter { !$0.hasSuffix(".keras") }
    try Workers(8).forEach(64) { (item) throws(SmithError) in
      let name = files[item % files.count]
      let source = try HDF5Source(Fixtures.path(name))
      guard source.tensors.count == HDF5Truth.byFile[name]?.count else {
        throw SmithError(.mismatch, "\(name) differs")
      }
    }
  }

  @Test func `root attributes are the metadata`() throws {
    let keras = try openHDF5("formats/hf_tf_albert/tf_model.h5")
    #expect(keras.metadata["backend"] == "tensorflow")
    #expect(keras.metadata["layer_names"] == "albert\npredictions")
    let split = try openHDF5("formats/keras2_split_attr.h5")
    #expect(
      split.metadata["layer_names"] == (0..<7).map { "layer_\($0)" }.joined(separator: "\n"))
    let filters = try openHDF5("hdf5/filters.h5")
    #expect(filters.metadata == ["note": "zażółć", "fixed": "one\ntwo"])
  }

  @Test func `attributes of a group give the order of its weights`() throws {
    let split = try openHDF5("formats/keras2_split_attr.h5")
    #expect(
      try split.strings("weight_names", of: "layer_3") == ["layer_3/kernel:0", "layer_3/bias:0"])
    #expect(try split.strings("weight_names") == nil)
    let names = try openHDF5("hdf5/names.h5")
    #expect(
      try names.strings("weight_names", of: "a") == ["w0", "v0", "w1", "v1", "w2", "v2"])
    #expect(try names.strings("empty", of: "a") == [])
    // Keras stores the empty list of a layer without weights as f64.
    let keras = try openHDF5("formats/keras2_weights.h5")
    #expect(try keras.strings("weight_names", of: "ids") == [])
    #expect(throws: SmithError.self) { try keras.strings("weight_names", of: "no such layer") }
  }

  @Test func `aliases are listed, loops and dangling links are not`() throws {
    let source = try openHDF5("hdf5/names.h5")
    #expect(Set(source.tensors.map(\.name)) == ["a/w", "hard", "soft", "żółw/kernel:0"])
    #expect(try source.bytes(of: "hard") == source.bytes(of: "a/w"))
    #expect(try source.bytes(of: "soft") == source.bytes(of: "a/w"))
  }
}
