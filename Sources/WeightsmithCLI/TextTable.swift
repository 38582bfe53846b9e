/// Columns of text, each as wide as its widest cell; numbers to the right.
struct TextTable {
  enum Alignment { case left, right }

  let alignments: [Alignment]
  /// All cells one after the other, row by row: a table may have 50,000 rows.
  private var text: [UInt8] = []
  /// Where each cell ends in `text`, and its width in columns.
  private var cells: [(end: Int, width: Int)] = []
  private var widths: [Int]

  /// `rows` is how many will be added, as far as that is known.
  init(_ header: [String], _ alignments: [Alignment], rows: Int = 0) {
    self.alignments = alignments
    widths = [Int](repeating: 0, count: alignments.count)
    text.reserveCapacity(rows * 96)
    cells.reserveCapacity(rows * alignments.count)
    add(header)
  }

  mutating func add(_ row: [String]) {
    for cell in row { add(cell) }
  }

  /// The next cell of a row.
  mutating func add(_ cell: String) {
    // In one piece: `append(contentsOf:)` of a string's UTF-8 goes byte by byte.
    var cell = cell
    cell.withUTF8 { text.append(contentsOf: $0) }
    close(width: cell.width)
  }

  /// The next cell of a row, written as ASCII: what a number takes that is never a string.
  mutating func add(ascii write: (inout [UInt8]) -> Void) {
    let start = text.count
    write(&text)
    close(width: text.count - start)
  }

  private mutating func close(width: Int) {
    let column = cells.count % widths.count
    cells.append((text.count, width))
    widths[column] = max(widths[column], width)
  }

  /// Lines without trailing blanks, each with its line end. Bytes, because that is what a terminal takes and a copy of it costs.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(cells.count / alignments.count * (widths.reduce(0, +) + 2 * widths.count))
    var start = 0
    for (index, cell) in cells.enumerated() {
      let column = index % alignments.count
      let padding = widths[column] - cell.width
      if column == 0 {
        while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        if index > 0 { bytes.append(UInt8(ascii: "\n")) }
      } else {
        bytes.append(blanks: 2)
      }
      if alignments[column] == .right { bytes.append(blanks: padding) }
      bytes.append(contentsOf: text[start..<cell.end])
      if alignments[column] == .left { bytes.append(blanks: padding) }
      start = cell.end
    }
    while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append(blanks count: Int) {
    for _ in 0..<count { append(UInt8(ascii: " ")) }
  }
}

extension String {
  /// The columns it takes: characters; for plain ASCII without the cost of finding them.
  fileprivate var width: Int {
    let isASCII = utf8.withContiguousStorageIfAvailable { bytes in
      var union: UInt8 = 0
      for byte in bytes { union |= byte }
      return union < 0x80
    }
    return isASCII ?? false ? utf8.count : count
  }
}
