import SmithBytes
import Testing

@testable import SmithCheckpoints

/// The reader of views against plain counting, over seeded random layouts.
@Suite struct StridedReaderTests {
  private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  /// Element by element, as the definition says.
  private func naive(_ layout: StridedLayout, _ bytes: [UInt8], _ width: Int) -> [UInt8] {
    var result: [UInt8] = []
    for element in 0..<layout.shape.reduce(1, *) {
      var (rest, place) = (element, layout.offset)
      for dimension in layout.shape.indices.reversed() {
        place += rest % layout.shape[dimension] * layout.strides[dimension]
        rest /= layout.shape[dimension]
      }
      result += bytes[(place * width)..<((place + 1) * width)]
    }
    return result
  }

  @Test(arguments: 0..<60) func `random layouts`(_ seed: Int) throws {
    var dice = Dice(state: UInt64(seed) &* 977 &+ 5)
    let width = [1, 2, 4, 8, 16].randomElement(using: &dice) ?? 4
    let rank = Int.random(in: 0...5, using: &dice)
    let shape = (0..<rank).map { _ in Int.random(in: 1...9, using: &dice) }
    let strides = (0..<rank).map { _ in Int.random(in: 0...40, using: &dice) }
    let layout = try StridedLayout(
      offset: Int.random(in: 0...20, using: &dice), shape: shape, strides: strides)
    let storage = (0..<(try layout.end() * width)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 2) }
    let expected = naive(layout, storage, width)
    let reader = StridedReader(bytes: .memory(storage), layout: layout, width: width)
    let count = expected.count / width
    for _ in 0..<8 {
      let from = Int.random(in: 0..<count, using: &dice)
      let to = Int.random(in: (from + 1)...count, using: &dice)
      let part = try [UInt8](count: (to - from) * width) { span throws(SmithError) in
        try reader.read(from: from, into: &span)
      }
      #expect(part == Array(expected[(from * width)..<(to * width)]), "\(layout) \(from) \(to)")
    }
  }

  /// Large enough that boxes are cut and windows are not read whole.
  @Test func `a wide transposed matrix`() throws {
    let (rows, columns) = (700, 900)
    let storage = (0..<(rows * columns * 4)).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
    let layout = try StridedLayout(offset: 0, shape: [columns, rows], strides: [1, columns])
    let reader = StridedReader(bytes: .memory(storage), layout: layout, width: 4)
    let whole = try [UInt8](count: storage.count) { span throws(SmithError) in
      try reader.read(from: 0, into: &span)
    }
    for (row, column) in [(0, 0), (1, 0), (0, 1), (899, 699), (450, 333)] {
      let from = (column * columns + row) * 4
      let to = (row * rows + column) * 4
      #expect(whole[to..<(to + 4)].elementsEqual(storage[from..<(from + 4)]))
    }
    #expect(whole.reduce(0) { $0 + Int($1) } == storage.reduce(0) { $0 + Int($1) })
  }

  @Test func `what is contiguous is known`() throws {
    func isContiguous(_ shape: [Int], _ strides: [Int]) throws -> Bool {
      try StridedLayout(offset: 3, shape: shape, strides: strides).isContiguous
    }
    #expect(try isContiguous([], []))
    #expect(try isContiguous([4], [1]))
    #expect(try isContiguous([1], [77]))
    #expect(try isContiguous([2, 3], [3, 1]))
    #expect(try isContiguous([2, 1, 3], [3, 99, 1]))
    #expect(try isContiguous([0, 3], [5, 2]))
    #expect(try !isContiguous([2, 3], [1, 2]))
    #expect(try !isContiguous([2, 3], [4, 1]))
    #expect(try !isContiguous([4], [2]))
    #expect(try !isContiguous([4], [0]))
  }
}
