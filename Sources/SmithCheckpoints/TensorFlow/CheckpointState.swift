import SmithBytes

/// The `checkpoint` file of a folder: which prefix in it is the newest (formats §2.1). A text protobuf, of which we read the
/// one field that matters.
struct CheckpointState: Hashable, Sendable {
  static let fileName = "checkpoint"
  private static let field = "model_checkpoint_path"

  /// `model_checkpoint_path` as written: relative to the folder, or absolute and often stale.
  var path: String

  init(path: String) { self.path = path }

  /// Nil when `bytes` is not such a file.
  init?(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    for line in text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
      let trimmed = line.drop { $0 == " " || $0 == "\t" }
      guard trimmed.hasPrefix(Self.field) else { continue }
      let value = trimmed.dropFirst(Self.field.count).drop { $0 == " " || $0 == ":" }
      guard let quote = value.first, quote == "\"" || quote == "'",
        let path = Self.unescaped(value.dropFirst(), until: quote)
      else { continue }
      self.path = path
      return
    }
    return nil
  }

  /// What the state file of a folder names, looked for in the folder only: the path in it is where the checkpoint was written,
  /// which may be another machine or another folder of this one. Nil without a readable state file.
  static func newest(in input: InputPath) throws(SmithError) -> String? {
    guard input.entries.contains(fileName) else { return nil }
    let file: InputPath
    do throws(SmithError) {
      file = try InputPath(input.path.appending(path: fileName))
    } catch {
      if error.kind == .io { throw error }
      return nil
    }
    guard let state = CheckpointState(file.head), state.path.lastComponent.isPlainFileName else {
      return nil
    }
    return input.path.appending(path: state.path.lastComponent)
  }

  var encoded: [UInt8] {
    let escaped = path.utf8.map { byte -> String in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
      case 0x20..<0x7F: String(UnicodeScalar(byte))
      default: "\\" + [byte >> 6, byte >> 3 & 7, byte & 7].map { String($0) }.joined()
      }
    }.joined()
    return Array(
      "\(Self.field): \"\(escaped)\"\nall_model_checkpoint_paths: \"\(escaped)\"\n".utf8)
  }

  /// C escapes resolved, up to the closing quote; nil without one.
  private static func unescaped(_ text: Substring, until quote: Character) -> String? {
    let end = quote.asciiValue ?? 0
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == end { return String(validating: bytes, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard let code = rest.popFirst() else { return nil }
      switch code {
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "x"): bytes.append(number(&rest, radix: 16, most: 2, from: 0))
      case 0x30...0x37: bytes.append(number(&rest, radix: 8, most: 2, from: code - 0x30))
      default: bytes.append(code)
      }
    }
    return nil
  }

  /// At most `most` digits more of a number that has begun with `start`.
  private static func number(
    _ rest: inout ArraySlice<UInt8>, radix: UInt8, most: Int, from start: UInt8
  ) -> UInt8 {
    var value = start
    for _ in 0..<most {
      guard let byte = rest.first, let digit = Character(UnicodeScalar(byte)).hexDigitValue,
        digit < Int(radix)
      else { break }
      value = value &* radix &+ UInt8(digit)
      rest.removeFirst()
    }
    return value
  }
}
