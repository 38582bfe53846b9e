import Synchronization
import Weightsmith

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Standard output and error. Every call writes whole lines, so the two keep their order.
enum Console {
  static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// Why output was lost, if any was: a disk that is full. A reader that went away is no error of ours.
  static var failure: String? { lost.withLock { $0 } }

  private static let lost = Mutex<String?>(nil)

  /// Text as it is, without a line end.
  static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let put = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
      if put < 0, errno == EINTR { continue }
      if put <= 0 {
        let code = errno
        if descriptor == STDOUT_FILENO, code != EPIPE {
          lost.withLock { $0 = String(cString: strerror(code)) }
        }
        return
      }
      rest = rest.dropFirst(put)
    }
  }

  static func print(_ json: JSON) { print(json.serialized(pretty: true)) }

  /// Whether a person watches standard error.
  static var hasTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// `write(2)` under a name that the method above does not hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

/// Columns of text, each as wide as its widest cell; numbers to the right.
struct TextTable {
  enum Alignment { case left, right }

  let alignments: [Alignment]
  /// All cells one after the other, row by row: a table may have 50,000 rows.
  private var text: [UInt8] = []
  /// Where each cell ends in `text`, and its width in columns.
  private var cells: [(end: Int, width: Int)] = []
  private var widths: [Int]

  init(_ header: [String], _ alignments: [Alignment]) {
    self.alignments = alignments
    widths = [Int](repeating: 0, count: alignments.count)
    add(header)
  }

  mutating func add(_ row: [String]) {
    for (column, cell) in row.enumerated() {
      let width = cell.width
      text.append(contentsOf: cell.utf8)
      cells.append((text.count, width))
      widths[column] = max(widths[column], width)
    }
  }

  /// Lines without trailing blanks.
  var lines: String {
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
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension [UInt8] {
  fileprivate mutating func append(blanks count: Int) {
    for _ in 0..<count { append(UInt8(ascii: " ")) }
  }
}

extension String {
  /// The columns it takes: characters; for plain ASCII without the cost of finding them.
  fileprivate var width: Int { utf8.allSatisfy { $0 < 0x80 } ? utf8.count : count }
}

extension Int {
  /// `1,234,567`.
  var grouped: String {
    var digits = String(magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (self < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// Bytes for people: `512 B`, `925.2 kB`, `1.34 GB`.
  var asBytes: String {
    let units = ["kB", "MB", "GB", "TB"]
    if self < 1000 { return "\(self) B" }
    var value = Double(self) / 1000
    var unit = 0
    while value >= 999.95, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let tenths = value >= 100 || unit == 0 ? 10.0 : 100.0
    return "\((value * tenths).rounded() / tenths) \(units[unit])"
  }
}

extension Double {
  /// Two digits and an exponent, `2.4e-06`; `0` for zero.
  var short: String {
    if self == 0 { return "0" }
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    let exponent = Int(log10(magnitude).rounded(.down))
    var mantissa = (self / pow(10, Double(exponent)) * 10).rounded() / 10
    var power = exponent
    if mantissa.magnitude >= 10 {
      mantissa /= 10
      power += 1
    }
    let sign = power < 0 ? "-" : "+"
    return "\(mantissa)e\(sign)\(power.magnitude < 10 ? "0" : "")\(power.magnitude)"
  }

  /// Fixed digits after the point.
  func fixed(_ digits: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : "inf" }
    let scale = pow(10, Double(digits))
    let whole = Int((magnitude * scale).rounded())
    let fraction = String(whole % Int(scale))
    let padded = String(repeating: "0", count: digits - fraction.count) + fraction
    return (self < 0 ? "-" : "") + "\(whole / Int(scale))." + padded
  }
}
