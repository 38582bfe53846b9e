/// What splitting rules ask of a code point, all at once.
struct TextClass: OptionSet, Hashable, Sendable {
  let rawValue: UInt8

  /// Lu, Lt
  static let upper = TextClass(rawValue: 1)
  /// Ll
  static let lower = TextClass(rawValue: 2)
  /// Lm, Lo
  static let uncased = TextClass(rawValue: 4)
  /// M*
  static let mark = TextClass(rawValue: 8)
  /// N*
  static let numeral = TextClass(rawValue: 16)
  /// White_Space
  static let space = TextClass(rawValue: 32)
  /// CR and LF, beside `space`
  static let newline = TextClass(rawValue: 64)
  /// Anything else: punctuation, symbols, controls
  static let other = TextClass(rawValue: 128)

  /// L*
  static let letter: TextClass = [.upper, .lower, .uncased]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .titlecaseLetter: self = .upper
    case .lowercaseLetter: self = .lower
    case .modifierLetter, .otherLetter: self = .uncased
    case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
    case .decimalNumber, .letterNumber, .otherNumber: self = .numeral
    default:
      let isNewline = scalar == "\r" || scalar == "\n"
      self = isNewline ? [.space, .newline] : scalar.isWhiteSpace ? .space : .other
    }
  }

  /// The classes of a text, one for each code point.
  static func all(_ text: Word) -> [TextClass] {
    let common = common
    return text.map { element in
      element.scalar.value < common.count
        ? common[Int(element.scalar.value)] : TextClass(element.scalar)
    }
  }

  /// Those of the first alphabets, to U+1FFF.
  private static let common = (0..<UInt32(0x2000)).map { value in
    Unicode.Scalar(value).map(TextClass.init) ?? .other
  }

  /// Whether it has any of these.
  @inline(__always)
  func isAny(of classes: TextClass) -> Bool { rawValue & classes.rawValue != 0 }
}
