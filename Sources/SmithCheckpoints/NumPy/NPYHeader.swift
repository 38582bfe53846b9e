import SmithBytes
import SmithTensors

/// The header of one array: `\x93NUMPY`, a version, a length, and a Python dictionary with three keys.
struct NPYHeader: Hashable, Sendable {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// numpy's own limit, bytes of dictionary.
  static let maxBytes = 10_000
  static let maxRank = 32

  let element: NPYElement
  let isFortran: Bool
  let shape: [Int]
  /// Where the elements begin, bytes from the magic on.
  let dataStart: Int
  /// The header's bytes, for checksums.
  let bytes: [UInt8]

  /// `count` bytes of content, which `read` gives by their range. Errors carry offsets in the content.
  init(
    count: Int, _ read: (Range<Int>) throws(SmithError) -> [UInt8]
  ) throws(SmithError) {
    guard count >= 10 else {
      throw SmithError(.truncated, "\(count) bytes are too few for a NumPy array")
    }
    let start = try read(0..<min(count, 12))
    guard start.starts(with: Self.magic) else {
      throw SmithError(.malformed, "no NumPy array", at: Place(offset: 0))
    }
    var cursor = ByteCursor(start)
    _ = try cursor.take(6)
    let version = (major: try cursor.byte(), minor: try cursor.byte())
    guard (1...3).contains(version.major), version.minor == 0 else {
      throw SmithError(
        .unsupported, "NumPy array format \(version.major).\(version.minor)", at: Place(offset: 6))
    }
    let length =
      version.major == 1
      ? Int(try cursor.littleEndian(UInt16.self))
      : try Int(checked: try cursor.littleEndian(UInt32.self))
    guard length <= Self.maxBytes else {
      throw SmithError(
        .limit, "a header of \(length) bytes, NumPy allows \(Self.maxBytes)", at: Place(offset: 8))
    }
    dataStart = cursor.position + length
    guard dataStart <= count else {
      throw SmithError(
        .truncated, "a header of \(length) bytes, \(count - cursor.position) follow",
        at: Place(offset: 8))
    }
    bytes = try read(0..<dataStart)
    var literal = PythonLiteral(Array(bytes[cursor.position...]), base: cursor.position)
    (element, isFortran, shape) = try Self.fields(&literal, isUTF8: version.major == 3)
  }

  private static func fields(
    _ literal: inout PythonLiteral, isUTF8: Bool
  ) throws(SmithError) -> (NPYElement, Bool, [Int]) {
    var (element, isFortran, shape): (NPYElement?, Bool?, [Int]?)
    try literal.expect("{")
    while !literal.take("}") {
      let start = literal.position
      switch try literal.string(isUTF8: isUTF8) {
      case "descr" where element == nil:
        try literal.expect(":")
        element =
          literal.isNext("[")
          ? .unreadable("records") : try NPYElement(try literal.string(isUTF8: isUTF8), at: start)
        if case .unreadable = element, literal.isNext("[") { try literal.skipList() }
      case "fortran_order" where isFortran == nil:
        try literal.expect(":")
        isFortran = try literal.boolean()
      case "shape" where shape == nil:
        try literal.expect(":")
        shape = try literal.tuple(maxCount: maxRank)
      case let key:
        throw SmithError(
          .malformed, "the key '\(key)', unknown or standing twice", at: Place(offset: start))
      }
      if !literal.take(",") {
        try literal.expect("}")
        break
      }
    }
    try literal.finish()
    guard let element, let isFortran, let shape else {
      throw SmithError(.malformed, "descr, fortran_order or shape is missing")
    }
    return (element, isFortran, shape)
  }
}
