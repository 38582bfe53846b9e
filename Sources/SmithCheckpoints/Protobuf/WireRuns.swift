import SmithBytes

/// Where the numbers of a repeated field are in a file. Writers pack them into one run of bytes; the wire format also allows one
/// tag per number, and several runs, which count one after the other.
struct WireRuns: Sendable {
  /// What a number is on the wire.
  enum Form: Hashable, Sendable { case varint, fixed32, fixed64 }

  struct Run: Sendable {
    var range: Range<Int>
    /// Whether the numbers follow each other without tags.
    var isPacked: Bool
    /// Unknown for packed varints until they are decoded.
    var count: Int?
  }

  /// More than any writer makes; packed and single numbers by turns could be as many as there are numbers.
  private static let most = 4096

  var form: Form
  private(set) var runs: [Run] = []

  init(_ form: Form) { self.form = form }

  /// Adds what `field` holds; `end` is where the next field begins. `.malformed` for another wire type or half a number,
  /// `.limit` for too many runs.
  mutating func add(_ field: ProtobufFileField, end: Int) throws(SmithError) {
    switch (field.value, form) {
    case (.bytes(let bytes), _):
      if !bytes.isAtEnd { try add(packed: bytes.range) }
    case (.varint, .varint), (.fixed32, .fixed32), (.fixed64, .fixed64):
      try add(single: field.position..<end)
    default:
      throw SmithError(
        .malformed, "field \(field.number) holds numbers of another kind",
        at: Place(offset: field.position))
    }
  }

  private mutating func add(packed range: Range<Int>) throws(SmithError) {
    var count: Int?
    if let width {
      guard range.count % width == 0 else {
        throw SmithError(
          .malformed, "\(range.count) bytes are no whole numbers of \(width)",
          at: Place(offset: range.lowerBound))
      }
      count = range.count / width
    }
    try append(Run(range: range, isPacked: true, count: count))
  }

  private mutating func add(single range: Range<Int>) throws(SmithError) {
    if let last = runs.last, !last.isPacked, last.range.upperBound == range.lowerBound {
      let joined = last.range.lowerBound..<range.upperBound
      runs[runs.count - 1] = Run(
        range: joined, isPacked: false, count: (last.count ?? 0) + 1)
    } else {
      try append(Run(range: range, isPacked: false, count: 1))
    }
  }

  private mutating func append(_ run: Run) throws(SmithError) {
    guard runs.count < Self.most else {
      throw SmithError(
        .limit, "numbers in more than \(Self.most) runs", at: Place(offset: run.range.lowerBound))
    }
    runs.append(run)
  }

  var isEmpty: Bool { runs.isEmpty }

  /// Bytes of a number, nil for varints.
  private var width: Int? {
    switch form {
    case .varint: nil
    case .fixed32: 4
    case .fixed64: 8
    }
  }

  /// Where the numbers are as they would be in memory; nil for varints, and where they stand apart.
  var plain: Range<Int>? {
    guard form != .varint, runs.count == 1, runs[0].isPacked else { return nil }
    return runs[0].range
  }

  /// Demands that there can be `wanted` numbers: fixed ones exactly, a varint takes 1 to 10 bytes. `.mismatch` otherwise.
  func check(count wanted: Int) throws(SmithError) {
    let known = runs.reduce(0) { $0 + ($1.count ?? 0) }
    let bytes = runs.reduce(0) { $0 + ($1.count == nil ? $1.range.count : 0) }
    let rest = wanted - known
    // Rounded up: as many varints at least as bytes of ten.
    let fits = rest >= (bytes + 9) / 10 && rest <= bytes
    guard fits else {
      throw SmithError(
        .mismatch, "\(runs.reduce(0) { $0 + $1.range.count }) bytes for \(wanted) numbers",
        at: Place(offset: runs.first?.range.lowerBound))
    }
  }
}
