import SmithBytes
import SmithTensors
import Testing

@Suite struct Q8_0Tests {
  let scheme = Q8_0()

  @Test func `the component holds whole blocks per row`() throws {
    #expect(
      try scheme.components(shape: [5, 96]) == [
        SchemeComponent(suffix: "", dtype: .u8, shape: [5, 102])
      ])
  }

  @Test(arguments: [1, 31, 33, 100]) func `rows that are no whole blocks stay plain`(_ columns: Int)
  {
    do throws(SmithError) {
      _ = try scheme.components(shape: [2, columns])
      Issue.record("not refused")
    } catch { #expect(error.kind == .unsupported) }
  }

  struct Block: Sendable {
    let values: [Float]
    let bytes: [UInt8]

    init(_ head: [Float], rest: Float, scale: [UInt8], _ codes: [UInt8], rest code: UInt8) {
      values = head + Array(repeating: rest, count: 32 - head.count)
      bytes = scale + codes + Array(repeating: code, count: 32 - codes.count)
    }
  }

  static let blocks: [Block] = [
    // A zero scale and zero codes (formats §8.2).
    Block([], rest: 0, scale: [0, 0], [], rest: 0),
    // The scale 1 is 0x3C00; halves go away from zero.
    Block(
      [127, 0.5, 1.5, -0.5, -2.5, 0.49999997], rest: 3, scale: [0, 0x3C],
      [127, 1, 2, 0xFF, 0xFD, 0], rest: 3),
    // A scale too small for a half keeps its codes, one whose reciprocal overflows does not: as ggml on x86-64.
    Block([], rest: 0x1p-60, scale: [0, 0], [], rest: 127),
    Block([], rest: 0x1p-130, scale: [0, 0], [], rest: 0),
  ]

  @Test(arguments: blocks) func `a block has these bytes`(_ block: Block) throws {
    #expect(try scheme.encode(block.values, shape: [1, 32]) == [block.bytes])
  }

  @Test func `a value whose scale is no half is refused`() throws {
    var values = [Float](repeating: 1, count: 64)
    values[40] = 65519 * 127
    #expect(throws: Never.self) { try scheme.encode(values, shape: [2, 32]) }
    values[40] = -65520 * 127
    do throws(SmithError) {
      _ = try scheme.encode(values, shape: [2, 32])
      Issue.record("not refused")
    } catch {
      #expect(error.kind == .refused)
      #expect(error.detail.contains("row 1"))
    }
  }
}
