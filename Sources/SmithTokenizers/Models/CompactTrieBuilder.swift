import SmithBytes

/// Lays the units out.
struct CompactTrieBuilder {
  /// The first block stays empty: leaves have their base there. The second one is the root's.
  var units = Array(repeating: UInt32(0), count: 512)
  var values = Array(repeating: Int32(-1), count: 512)
  private var isBase = Array(repeating: false, count: 512)
  /// Where units are still looked for: all before are taken, or have been tried often enough.
  private var start = 256

  /// How many places are tried before a new block is begun.
  private static let tries = 24

  mutating func build(_ keys: [(bytes: [UInt8], id: Int)]) throws(SmithError) {
    var open = [(range: keys.indices, depth: 0, base: 256, unit: -1)]
    isBase[256] = true
    while let node = open.popLast() {
      var range = node.range
      // Keys that end here come first.
      if let first = range.first, keys[first].bytes.count == node.depth {
        if node.unit >= 0 {
          units[node.unit] |= CompactTrie.ending
          values[node.unit] = Int32(keys[first].id)
        }
        range = range.drop { keys[$0].bytes.count == node.depth }
      }
      guard !range.isEmpty else { continue }
      var children: [(byte: UInt8, range: Range<Int>)] = []
      while let first = range.first {
        let byte = keys[first].bytes[node.depth]
        let end = range.first { keys[$0].bytes[node.depth] != byte } ?? range.upperBound
        children.append((byte, first..<end))
        range = end..<range.upperBound
      }
      let base = node.unit < 0 ? node.base : try place(children.map(\.byte))
      if node.unit >= 0 { units[node.unit] |= UInt32(base) << 10 }
      for child in children.reversed() {
        let unit = base ^ Int(child.byte)
        units[unit] = UInt32(child.byte) | CompactTrie.used
        open.append((child.range, node.depth + 1, 0, unit))
      }
    }
  }

  /// A base at which there is place for some bytes.
  private mutating func place(_ bytes: [UInt8]) throws(SmithError) -> Int {
    var tries = 0
    var index = start
    while index < units.count {
      if units[index] == 0 {
        let base = index ^ Int(bytes[0])
        if !isBase[base], bytes.allSatisfy({ isFree(base ^ Int($0)) }) {
          if tries == 0 { start = index + 1 }
          isBase[base] = true
          return base
        }
        tries += 1
        if tries > Self.tries { break }
      } else if tries == 0 {
        start = index + 1
      }
      index += 1
    }
    start = max(start, units.count - 1024)
    let block = units.count
    guard block < CompactTrie.unitLimit else {
      throw SmithError(.limit, "a vocabulary of more than \(CompactTrie.unitLimit) beginnings")
    }
    units += Array(repeating: 0, count: 256)
    values += Array(repeating: -1, count: 256)
    isBase += Array(repeating: false, count: 256)
    isBase[block] = true
    return block
  }

  private func isFree(_ index: Int) -> Bool { units[index] == 0 }
}
