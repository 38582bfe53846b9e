import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TensorFlowV1Tests {
  static let samples = [
    "tf_v1_raw/old.ckpt", "tf_v1_raw/old_slices.ckpt", "tf_v1_saver/model.ckpt-5",
  ]

  @Test(arguments: samples)
  func `types, shapes and any range of bytes of what TensorFlow wrote`(path: String) throws {
    let truth = try #require(TensorFlowTruth.samples[path])
    let source = try Formats.open(Fixtures.path("formats/" + path))
    #expect(source.container == "tf-v1")
    #expect(Set(source.tensors.map(\.name)) == Set(truth.keys))
    try source.expect(truth)
    for tensor in source.tensors { try source.verifyChecksum(tensor) }
  }

  @Test(
    arguments: [
      ("tf_v1_raw/old.ckpt", "tf_v1_raw/old.ckpt"), ("tf_v1_saver", "tf_v1_saver/model.ckpt-5"),
      ("tf_v1_saver/checkpoint", "tf_v1_saver/model.ckpt-5"),
      ("tf_v2_saver", nil), ("tf_v2_saver/model.ckpt-100.index", nil),
      ("tf_v2_saver/model.ckpt-100", nil), ("tf_samples.npz", nil),
    ] as [(String, String?)])
  func `the first entry tells V1 from V2`(path: String, found: String?) throws {
    let input = try InputPath(Fixtures.path("formats/" + path))
    #expect(
      try TensorFlowV1.recognise(input) == found.map { Fixtures.path("formats/" + $0) })
  }

  @Test func `of a folder the only one is taken, of several none`() throws {
    let scratch = try Scratch()
    try scratch.write(Array("x".utf8), as: "notes.txt")
    let only = try scratch.write(V1File.simple.bytes, as: "a.ckpt")
    #expect(try Formats.open(scratch.path).files == [only])
    try scratch.write(V1File.simple.bytes, as: "b.ckpt")
    let error = #expect(throws: SmithError.self) { try Formats.open(scratch.path) }
    #expect(error?.kind == .mismatch)
    #expect(error?.remedy?.contains("b.ckpt") == true)
  }

  /// Every field of TensorProto that holds numbers, and the bytes that its values are in memory.
  @Test(
    arguments: [
      (1, 5, [0, 0, 0x80, 0x3F], [0, 0, 0x80, 0x3F]),
      (2, 6, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F], [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
      (3, 7, V1File.varints([UInt64(bitPattern: -2)]), [0xFE, 0xFF, 0xFF, 0xFF]),
      (4, 7, V1File.varints([255]), [255]),
      (6, 7, V1File.varints([UInt64(bitPattern: -128)]), [128]),
      (5, 7, V1File.varints([0x7FFF]), [0xFF, 0x7F]),
      (17, 7, V1File.varints([0xFFFE]), [0xFE, 0xFF]),
      (12, 7, V1File.varints([200]), [200]),
      (8, 9, [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]),
      (9, 10, V1File.varints([1 << 63]), [0, 0, 0, 0, 0, 0, 0, 0x80]), (10, 11, [1], [1]),
      (14, 13, V1File.varints([0x3F80]), [0x80, 0x3F]),
      (19, 13, V1File.varints([0x3C00]), [0, 0x3C]),
      (22, 16, V1File.varints([0xFFFF_FFFF]), [255, 255, 255, 255]),
      (23, 17, V1File.varints([.max]), [255, 255, 255, 255, 255, 255, 255, 255]),
      (3, 4, [1, 2, 3, 4], [1, 2, 3, 4]),
    ] as [(Int32, Int, [UInt8], [UInt8])])
  func `fields of values`(type: Int32, field: Int, stored: [UInt8], bytes: [UInt8]) throws {
    let scratch = try Scratch()
    var file = V1File()
    file.add("x", type, shape: []) { $0.bytes(field, stored) }
    let source = try Formats.open(try scratch.write(file.bytes, as: "m"))
    #expect(try source.bytes(try source.tensor("x")) == bytes)
    #expect(source.tensors[0].encoding == .plain(TensorType.dtype(type)))
  }

  /// What the wire format allows and TensorFlow does not write: several runs, and a tag for each number.
  @Test func `numbers apart`() throws {
    let scratch = try Scratch()
    var file = V1File()
    file.add("f", shape: [5]) {
      $0.bytes(5, V1File.floats(1..<3))
      $0.fixed32(5, Float(3).bitPattern)
      $0.fixed32(5, Float(4).bitPattern)
      $0.bytes(5, V1File.floats(5..<6))
    }
    file.add("i", 3, shape: [4]) {
      $0.varint(7, 300)
      $0.bytes(7, [1, 2])
      $0.varint(7, -1)
    }
    let source = try Formats.open(try scratch.write(file.bytes, as: "m"))
    #expect(try source.bytes(try source.tensor("f")) == V1File.floats(1..<6))
    let expected: [UInt8] = [44, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255]
    let tensor = try source.tensor("i")
    #expect(try source.bytes(tensor) == expected)
    #expect(try source.bytes(tensor, 3..<13) == Array(expected[3..<13]))
  }

  @Test func `text and unknown types are listed, not read`() throws {
    let scratch = try Scratch()
    var file = V1File()
    file.add("t", 7, shape: [2]) {
      $0.bytes(8, [65])
      $0.bytes(8, [])
    }
    file.add("v", 21, shape: [1]) { $0.bytes(15, [1, 2]) }
    file.add("e", shape: [0, 3]) { _ in }
    let source = try Formats.open(try scratch.write(file.bytes, as: "m"))
    #expect(try source.tensor("t").encoding == .plain(.string))
    #expect(try source.tensor("v").encoding == .plain(.opaque))
    #expect(try source.bytes(try source.tensor("e")) == [])
    for name in ["t", "v"] {
      let error = #expect(throws: SmithError.self) {
        try source.bytes(try source.tensor(name), 0..<1)
      }
      #expect(error?.kind == .unsupported)
    }
  }

  /// 150,000 numbers of one to ten bytes each: three batches of the decoder, read from the middle, backwards and slab by slab.
  @Test(arguments: [8, 1 << 12, 1 << 19, 1_200_000])
  func `numbers without a fixed width are found anywhere`(step: Int) throws {
    let scratch = try Scratch()
    let values = (0..<150_000).map { (n: Int64) -> Int64 in n % 7 == 0 ? -n : n * n * n }
    var file = V1File()
    file.add("n", 9, shape: [150_000]) {
      $0.bytes(10, V1File.varints(values.map { UInt64(bitPattern: $0) }))
    }
    file.add("z", shape: [1]) { $0.bytes(5, V1File.floats(7..<8)) }
    let source = try Formats.open(try scratch.write(file.bytes, as: "m"))
    let tensor = try source.tensor("n")
    var expected: [UInt8] = []
    for value in values { expected.append(littleEndian: value) }
    #expect(tensor.byteCount == expected.count)
    let middle = 8 * 131_071 + 3
    #expect(
      try source.bytes(tensor, middle..<(middle + 20)) == Array(expected[middle..<(middle + 20)]))
    guard step > 8 else { return }
    var starts = Array(stride(from: 0, to: expected.count, by: step))
    if step == 1 << 12 { starts = starts.reversed().filter { $0 % (37 << 12) == 0 } }
    for start in starts {
      let range = start..<min(expected.count, start + step)
      let got = try source.bytes(tensor, range)
      // Comparing in #expect prints half a megabyte where it fails.
      #expect(got.elementsEqual(expected[range]), "\(range)")
    }
    #expect(try source.bytes(try source.tensor("z")) == V1File.floats(7..<8))
  }

  @Test func `a variable whose slices are in several files`() throws {
    let scratch = try Scratch()
    let halves = [0, 3].map { start in
      TensorSlice(extents: [.whole, .part(start: start, length: 3)])
    }
    for (index, half) in halves.enumerated() {
      var file = V1File()
      file.addMeta("w", shape: [2, 6], slices: [half])
      // Columns 0-2 and 3-5 of 0…11.
      file.addRecord("w", half) {
        $0.bytes(
          5,
          V1File.floats((3 * index)..<(3 * index + 3))
            + V1File.floats((3 * index + 6)..<(3 * index + 9)))
      }
      if index == 1 { file.add("b", shape: [1]) { $0.bytes(5, V1File.floats(5..<6)) } }
      try scratch.write(file.bytes, as: "m-0000\(index)-of-00002")
    }
    let prefix = scratch.path.appending(path: "m")
    for path in [prefix, prefix + "-00001-of-00002", scratch.path] {
      let source = try Formats.open(path)
      #expect(source.tensors.map(\.name) == ["w", "b"])
      #expect(try source.bytes(try source.tensor("w")) == V1File.floats(0..<12))
      #expect(source.files.count == 2)
    }
    try scratch.write(try Fixtures.bytes("formats/tf_v1_raw/old.ckpt"), as: "m-00000-of-00003")
    let error = #expect(throws: SmithError.self) { try Formats.open(prefix + "-00000-of-00003") }
    #expect(error?.kind == .missing)
    #expect(error?.place.file == prefix + "-00001-of-00003")
  }
}
