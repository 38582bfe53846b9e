import SmithBytes

/// The names of a bundle's data files, `PREFIX.data-SSSSS-of-NNNNN` (formats §2.1, §2.5).
enum ShardFiles {
  static func name(_ prefix: String, _ shard: Int, of count: Int) -> String {
    "\(prefix).data-\(digits(shard))-of-\(digits(count))"
  }

  /// The prefix, and how many files there are, in the name of a data file; nil for any other name.
  static func parse(_ name: String) -> (prefix: String, count: Int)? {
    let bytes = Array(name.utf8)
    guard let mark = bytes.lastIndex(of: UInt8(ascii: "-")), mark > 8,
      bytes[..<mark].suffix(3).elementsEqual("-of".utf8)
    else { return nil }
    let head = bytes[..<(mark - 3)]
    let shard = head.reversed().prefix { isDigit($0) }
    let stem = head.dropLast(shard.count)
    let count = bytes[(mark + 1)...]
    guard shard.count >= 5, count.count >= 5, count.allSatisfy(isDigit),
      stem.suffix(6).elementsEqual(".data-".utf8),
      let files = Int(String(decoding: count, as: UTF8.self))
    else { return nil }
    return (String(decoding: stem.dropLast(6), as: UTF8.self), files)
  }

  /// How many files the names on disk count. A merge drops empty shards from the files but not from the header's number
  /// (formats §2.5), so when the header's own first file is not there and one other count is, that count holds.
  static func count(
    _ header: Int, prefix: String, among names: [String]
  ) -> Int {
    let found = names.compactMap(parse).filter { $0.prefix == prefix.lastComponent }.map {
      $0.count
    }
    let counts = Set(found)
    if counts.contains(header) { return header }
    return counts.count == 1 ? counts.first ?? header : header
  }

  /// At least five digits.
  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
