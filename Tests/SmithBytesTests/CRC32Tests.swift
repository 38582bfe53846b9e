import CKernels
import SmithBytes
import Testing

@Suite struct CRC32Tests {
  /// The definition, bit by bit: the register after each byte of `bytes`, from the start on.
  static func registers(_ bytes: ArraySlice<UInt8>) -> [UInt32] {
    var register = UInt32.max
    return [register]
      + bytes.map { byte in
        register ^= UInt32(byte)
        for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 0 ? 0 : 0xEDB8_8320) }
        return register
      }
  }

  static let noise: [UInt8] = (0..<3_000).map { UInt8(truncatingIfNeeded: $0 * $0 * 31 + $0 >> 5) }

  @Test(
    arguments: [
      ([], 0), (Array("123456789".utf8), 0xCBF4_3926),
      ([UInt8](repeating: 0, count: 32), 0x190A_55AD),
      ([UInt8](repeating: 0xFF, count: 32), 0xFF6C_AB0B),
    ] as [([UInt8], UInt32)])
  func `published values`(bytes: [UInt8], crc: UInt32) { #expect(CRC32.of(bytes) == crc) }

  /// Around the blocks of 64 bytes that are folded, at every alignment.
  @Test(arguments: 0..<16)
  func `every alignment and length agrees with the definition`(start: Int) {
    let registers = Self.registers(Self.noise[start...])
    for length in Array(0...330) + [1023, 1024, 1025, 2900] {
      #expect(
        CRC32.of(Array(Self.noise[start..<(start + length)])) == ~registers[length],
        "\(length) bytes")
      var unaligned = CRC32()
      unaligned.update(Self.noise.span.bytes.extracting(start..<(start + length)))
      #expect(unaligned.value == ~registers[length], "\(length) bytes")
    }
  }

  @Test(arguments: [0, 1, 63, 64, 65, 128, 1000, 2999])
  func `pieces give what the whole gives`(cut: Int) {
    var crc = CRC32()
    crc.update(Array(Self.noise[..<cut]))
    crc.update(Array(Self.noise[cut...]))
    #expect(crc.value == ~(Self.registers(Self.noise[...]).last ?? 0))
    let parts = (CRC32.of(Array(Self.noise[..<cut])), CRC32.of(Array(Self.noise[cut...])))
    #expect(CRC32.combine(parts.0, parts.1, count: Self.noise.count - cut) == crc.value)
  }
}
