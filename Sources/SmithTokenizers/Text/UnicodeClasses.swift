extension Unicode.Scalar {
  /// General category Cc, Cf or Co. Not Cn: what one version of Unicode has not assigned the next one has.
  var isControlOrPrivate: Bool {
    if isASCII { return value < 32 || value == 127 }
    return switch properties.generalCategory {
    case .control, .format, .privateUse, .surrogate: true
    default: false
    }
  }

  /// Unicode's White_Space.
  var isWhiteSpace: Bool {
    if isASCII { return value == 32 || (9...13).contains(value) }
    return properties.isWhitespace
  }

  /// General category P*.
  var isUnicodePunctuation: Bool {
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  /// General category Mn, what "accents" are.
  var isNonspacingMark: Bool { !isASCII && properties.generalCategory == .nonspacingMark }

  /// General category L*.
  var isLetter: Bool {
    if isASCII { return (65...90).contains(value & ~32) }
    return switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// General category N*.
  var isNumeral: Bool {
    if isASCII { return (48...57).contains(value) }
    return switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }
}
