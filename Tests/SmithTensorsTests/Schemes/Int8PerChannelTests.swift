import SmithTensors
import Testing

@Suite struct Int8PerChannelTests {
  let scheme: AffineScheme = .int8PerChannel

  @Test func `components have the names and shapes of compressed-tensors`() throws {
    #expect(
      try scheme.components(shape: [30, 7]) == [
        SchemeComponent(suffix: "", dtype: .i8, shape: [30, 7]),
        SchemeComponent(suffix: "_scale", dtype: .f32, shape: [30, 1]),
      ])
  }

  struct Row: Sendable {
    let values: [Float]
    let codes: [Int8]
    let scale: Float
  }

  static let greatest = Float.greatestFiniteMagnitude
  static let rows: [Row] = [
    Row(values: [0, 0, -0.0], codes: [0, 0, 0], scale: 1),
    Row(values: [1, 1, 1], codes: [127, 127, 127], scale: 1 / 127),
    Row(
      values: [127, 0.5, 1.5, 2.5, -0.5, -1.5, -127], codes: [127, 0, 2, 2, 0, -2, -127], scale: 1),
    Row(values: [.leastNonzeroMagnitude, 0], codes: [0, 0], scale: 1),
    Row(values: [0x1p-130, -0x1p-131], codes: [127, -64], scale: 0x1p-130 / 127),
    Row(values: [greatest, -greatest], codes: [127, -127], scale: greatest / 127),
  ]

  @Test(arguments: rows) func `a row has its scale and codes`(_ row: Row) throws {
    let parts = try scheme.encode(row.values, shape: [1, row.values.count])
    #expect(parts[0] == row.codes.map { UInt8(bitPattern: $0) })
    #expect(try [Float](converting: parts[1], from: .f32) == [row.scale])
  }

  @Test func `no weight moves by more than half a step`() throws {
    let values = (0..<6400).map { Float(($0 &* 7919 &+ 12345) % 40009) / 10000 - 2 }
    let parts = try scheme.encode(values, shape: [64, 100])
    let scales = try [Float](converting: parts[1], from: .f32)
    // Half a step, and the rounding of quotient and product.
    let bound = 0.5 + 127 * Float(0x1p-23)
    for (index, decoded) in try scheme.decode(parts, shape: [64, 100]).enumerated() {
      #expect(abs(decoded - values[index]) <= scales[index / 100] * bound)
    }
  }
}
