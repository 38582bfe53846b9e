import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TensorFlowPartitionTests {
  typealias Extent = (start: Int64, length: Int64)?

  /// A bundle of one variable `v`: f32, element i of the whole is i; each slice stored where the one before it ends.
  static func bundle(_ shape: [Int], _ slices: [[Extent]], listed: [[Extent]]? = nil) -> BundleFile
  {
    var file = BundleFile()
    var data: [UInt8] = []
    var entries: [(TensorSlice, BundleEntry)] = []
    for slice in slices {
      let box = slice.enumerated().map { axis, extent in
        extent.map { (Int($0.start), Int($0.length)) } ?? (0, shape[axis])
      }
      let start = data.count
      for element in elements(shape, box) { data.append(littleEndian: Float(element).bitPattern) }
      file.data[BundleFile.onlyShard] = data
      let key = TensorSlice(
        extents: slice.map {
          $0.map { .part(start: Int($0.start), length: Int($0.length)) } ?? .whole
        })
      entries.append((key, file.entry(shape: box.map { $0.1 }, bytes: start..<data.count)))
    }
    file.add("v", shape: shape, slices: listed ?? slices)
    var seen: Set<[UInt8]> = []
    for (slice, entry) in entries where seen.insert(slice.key(of: [0x76])).inserted {
      file.rows.append((slice.key(of: [0x76]), entry.encoded))
    }
    return file
  }

  /// Flat positions in `shape` of the elements of a box, in row-major order.
  static func elements(_ shape: [Int], _ box: [(Int, Int)]) -> [Int] {
    var positions = [0]
    for (axis, part) in box.enumerated() {
      positions = positions.flatMap { base in
        (part.0..<(part.0 + part.1)).map { base * shape[axis] + $0 }
      }
    }
    return positions
  }

  static func floats(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<count { bytes.append(littleEndian: Float(index).bitPattern) }
    return bytes
  }

  static let good: [([Int], [[Extent]])] = [
    ([6], [[(0, 2)], [(2, 4)]]),
    ([4, 5], [[(0, 1), nil], [(1, 3), nil]]),
    ([4, 5], [[nil, (0, 2)], [nil, (2, 3)]]),
    ([4, 5], [[(0, 2), (0, 2)], [(0, 2), (2, 3)], [(2, 2), (0, 5)]]),
    ([2, 3, 4], [[nil, (0, 1), nil], [nil, (1, 2), (0, 3)], [nil, (1, 2), (3, 1)]]),
    // A pinwheel: no cut goes through, so only a real cover check accepts it.
    (
      [3, 3],
      [
        [(0, 1), (0, 2)], [(0, 2), (2, 1)], [(2, 1), (1, 2)], [(1, 2), (0, 1)], [(1, 1), (1, 1)],
      ]
    ),
    (
      [2, 2, 3, 2],
      [[(0, 1), nil, (0, 3), nil], [(1, 1), nil, (0, 1), nil], [(1, 1), nil, (1, 2), nil]]
    ),
    ([3, 0], [[(0, 1), nil], [(1, 2), nil]]),
    ([3], [[(0, 3)], [(3, 0)]]),
    ([], [[]]),
  ]

  @Test(arguments: good.indices)
  func `slices make the whole, in any range`(index: Int) throws {
    let (shape, slices) = Self.good[index]
    let scratch = try Scratch()
    let source = try TensorFlowBundle.open(try Self.bundle(shape, slices).write(to: scratch))
    #expect(source.tensors.map { $0.name } == ["v"])
    let tensor = try source.tensor("v")
    let whole = Self.floats(shape.reduce(1, *))
    #expect(try source.bytes(tensor) == whole)
    for start in 0...whole.count {
      for end in start...whole.count {
        #expect(try source.bytes(tensor, start..<end) == Array(whole[start..<end]))
      }
    }
    try source.verifyChecksum(tensor)
  }

  /// Rows long enough to be read in place, and many short rows in several batches.
  @Test(arguments: [([3, 20_000], 17_000), ([15_000, 20], 13)])
  func `large slices`(shape: [Int], cut: Int) throws {
    let rest = Int64(shape[1] - cut)
    let scratch = try Scratch()
    let bundle = Self.bundle(shape, [[nil, (0, Int64(cut))], [nil, (Int64(cut), rest)]])
    let source = try TensorFlowBundle.open(try bundle.write(to: scratch))
    let tensor = try source.tensor("v")
    let whole = Self.floats(shape[0] * shape[1])
    #expect(try source.bytes(tensor) == whole)
    let middle = whole.count / 3 + 1..<whole.count - 7
    #expect(try source.bytes(tensor, middle) == Array(whole[middle]))
  }

  @Test(
    arguments: [
      ("overlap", [6], [[(0, 3)], [(2, 3)]], .malformed),
      (
        "overlap that makes up for a hole", [2, 2], [[(0, 2), (0, 1)], [(0, 1), (0, 2)]], .malformed
      ),
      ("the same slice twice", [4], [[(0, 2)], [(0, 2)]], .malformed),
      ("a hole", [6], [[(0, 2)], [(3, 3)]], .malformed),
      ("one is missing", [6], [[(0, 2)]], .malformed),
      ("past the end", [6], [[(0, 2)], [(2, 5)]], .malformed),
      ("far past the end", [6], [[(.max, .max)]], .malformed),
      ("a start past the end", [6], [[(0, 6)], [(7, 0)]], .malformed),
      ("a negative start", [6], [[(-1, 3)]], .malformed),
      ("a negative length", [6], [[(1, -2)]], .malformed),
      ("another rank", [6], [[(0, 6), nil]], .mismatch),
      ("rank 0 of a vector", [6], [[]], .mismatch),
      ("rank 0 twice", [], [[], []], .malformed),
      ("17 dimensions", [6], [[Extent](repeating: nil, count: 17)], .limit),
    ] as [(String, [Int], [[Extent]], SmithError.Kind)])
  func `slices that do not make a whole`(
    what: String, shape: [Int], slices: [[Extent]], kind: SmithError.Kind
  ) throws {
    let scratch = try Scratch()
    // Every slice the variable lists is there, as far as it can be encoded, with one element.
    var file = BundleFile()
    file.data[BundleFile.onlyShard] = [0, 0, 0, 0]
    file.add("v", shape: shape, slices: slices)
    var seen: Set<[UInt8]> = []
    for slice in slices
    where slice.count < 17
      && slice.allSatisfy({ ($0?.start ?? 0) >= 0 && ($0?.length ?? 0) >= 0 })
    {
      let extents = slice.map { extent -> TensorSlice.Extent in
        extent.map { .part(start: Int($0.start), length: Int($0.length)) } ?? .whole
      }
      let key = TensorSlice(extents: extents).key(of: [0x76])
      let sizes = zip(slice, shape + [Int](repeating: 1, count: 17)).map {
        Int($0.0?.length ?? Int64($0.1))
      }
      let bytes = sizes.reduce(4) { $0.multipliedReportingOverflow(by: $1).partialValue }
      var entry = file.entry(shape: sizes, bytes: 0..<0)
      entry.size = max(0, bytes)
      if seen.insert(key).inserted { file.rows.append((key, entry.encoded)) }
    }
    let prefix = try file.write(to: scratch)
    let error = try #require(throws: SmithError.self) { try TensorFlowBundle.open(prefix) }
    #expect(error.kind == kind)
    #expect(error.place.item == "v")
  }

  @Test func `a slice that is not there, and one that nobody lists`() throws {
    let scratch = try Scratch()
    var lost = Self.bundle([6], [[(0, 2)], [(2, 4)]])
    lost.rows.remove(at: 1)
    let path = try lost.write(to: scratch)
    #expect(
      try #require(throws: SmithError.self) { try TensorFlowBundle.open(path) }.kind == .missing)
    var stray = BundleFile.simple
    let key = TensorSlice(extents: [.whole]).key(of: [0x76])
    stray.rows.append((key, stray.entry(shape: [1], bytes: 0..<4).encoded))
    let other = try stray.write(to: scratch)
    #expect(
      try #require(throws: SmithError.self) { try TensorFlowBundle.open(other) }.kind == .malformed)
  }

  /// −1 and the length are two spellings of one whole dimension, and two keys.
  @Test func `the spelling on the wire decides the key`() throws {
    let scratch = try Scratch()
    let path = try Self.bundle(
      [2, 3], [[(0, 1), nil], [(1, 1), nil]], listed: [[(0, 1), (0, 3)], [(1, 1), nil]]
    )
    .write(to: scratch)
    let error = try #require(throws: SmithError.self) { try TensorFlowBundle.open(path) }
    #expect(error.kind == .missing)
  }

  @Test func `a damaged slice is found by a read that covers it`() throws {
    let scratch = try Scratch()
    var file = Self.bundle([2, 3], [[(0, 1), nil], [(1, 1), nil]])
    file.data[BundleFile.onlyShard]?[20] ^= 1
    let source = try TensorFlowBundle.open(try file.write(to: scratch))
    let tensor = try source.tensor("v")
    #expect(try source.bytes(tensor, 0..<12) == Self.floats(3))
    for range in [12..<24, 0..<24] {
      let error = try #require(throws: SmithError.self) { try source.bytes(tensor, range) }
      #expect(error.kind == .checksum)
      #expect(error.place.offset == 12)
    }
    #expect(throws: SmithError.self) { try source.verifyChecksum(tensor) }
  }
}
