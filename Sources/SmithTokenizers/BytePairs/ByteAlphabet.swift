/// GPT-2's letters for bytes: a printing character for each of the 256 (models §13.2; openai/gpt-2 src/encoder.py `bytes_to_unicode`).
enum ByteAlphabet {
  /// By byte.
  static let letters: [Unicode.Scalar] = {
    var others: UInt32 = 0x100
    return (0...255).map { (byte: UInt8) in
      switch byte {
      case 33...126, 161...172, 174...255: return Unicode.Scalar(byte)
      default:
        defer { others += 1 }
        return Unicode.Scalar(others) ?? " "
      }
    }
  }()

  /// The letter of a space.
  static let space: Unicode.Scalar = "\u{120}"

  /// By the number of the letter: its byte, or -1.
  private static let bytes: [Int16] = {
    var bytes = Array(repeating: Int16(-1), count: 0x150)
    for (byte, letter) in letters.enumerated() { bytes[Int(letter.value)] = Int16(byte) }
    return bytes
  }()

  /// The byte that a letter stands for.
  static func byte(of letter: Unicode.Scalar) -> UInt8? {
    guard letter.value < bytes.count else { return nil }
    return UInt8(exactly: bytes[Int(letter.value)])
  }
}
