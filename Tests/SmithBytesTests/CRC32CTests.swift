import CKernels
import SmithBytes
import Testing

@Suite struct CRC32CTests {
  /// The definition, bit by bit: the register after each byte of `bytes`, from the start on.
  static func registers(_ bytes: ArraySlice<UInt8>) -> [UInt32] {
    var register = UInt32.max
    return [register]
      + bytes.map { byte in
        register ^= UInt32(byte)
        for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 0 ? 0 : 0x82F6_3B78) }
        return register
      }
  }

  static let noise: [UInt8] = (0..<12_600).map { UInt8(truncatingIfNeeded: $0 * $0 * 31 + $0 >> 5) }

  /// Around 8 bytes, and around three short (256) and three long (4096) strands.
  static let lengths =
    Array(0...40) + [767, 768, 769, 775, 1535, 1536, 2303, 2313] + Array(12_280...12_300)

  @Test(
    arguments: [
      ([], 0), (Array("123456789".utf8), 0xE306_9283),
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ] as [([UInt8], UInt32)])
  func `published values`(bytes: [UInt8], crc: UInt32) {
    #expect(CRC32C.of(bytes) == crc)
    #expect(ws_crc32c_portable(0, bytes, bytes.count) == crc)
  }

  @Test(arguments: 0..<16)
  func `every alignment and length agrees with the definition`(start: Int) {
    let registers = Self.registers(Self.noise[start...])
    Self.noise.withUnsafeBytes { buffer in
      for length in Self.lengths {
        let bytes = buffer.baseAddress?.advanced(by: start)
        #expect(ws_crc32c(0, bytes, length) == ~registers[length], "\(length) bytes")
        #expect(ws_crc32c_portable(0, bytes, length) == ~registers[length], "\(length) bytes")
      }
    }
  }

  @Test(arguments: [1, 7, 768, 4096, 12_288, 12_289])
  func `pieces give what the whole gives`(cut: Int) {
    var crc = CRC32C()
    crc.update(Array(Self.noise[..<cut]))
    crc.update(Array(Self.noise[cut...]))
    #expect(crc.value == ~(Self.registers(Self.noise[...]).last ?? 0))
  }

  /// An empty tensor carries this (formats §0.3).
  @Test func `the mask of nothing`() { #expect(CRC32C.mask(0) == 0xA282_EAD8) }
}
