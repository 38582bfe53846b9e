/// A text that the rules of a pattern are tried on.
struct PatternScan {
  let text: Word
  /// Those of the text, from 0.
  let classes: [TextClass]

  /// The end of what the first rule that fits matches; a match is never empty.
  @inline(__always)
  func match(_ rules: [PatternScanner.Rule], at start: Int) -> Int? {
    for rule in rules {
      if let end = match(rule, at: start) { return end }
    }
    return nil
  }

  @inline(__always)
  private func match(_ rule: PatternScanner.Rule, at start: Int) -> Int? {
    switch rule {
    case .contraction(let anyCase): contraction(at: start, anyCase: anyCase)
    case .run(let classes, let lead, let most, let tail): run(classes, lead, most, tail, at: start)
    case .capitals(let needsSmall): word(needsSmall: needsSmall, at: start)
    case .lines: lines(at: start)
    case .spacesBeforeSpace: spacesBeforeSpace(at: start)
    case .threeDigits: threeDigits(at: start)
    }
  }

  @inline(__always)
  private func has(_ position: Int, _ wanted: TextClass) -> Bool {
    position < text.endIndex && classes[position - text.startIndex].isAny(of: wanted)
  }

  /// The end of the run of these classes, of at most so many.
  @inline(__always)
  private func end(of wanted: TextClass, from start: Int, most: Int = .max) -> Int {
    var end = start
    while end - start < most, has(end, wanted) { end += 1 }
    return end
  }

  private func run(
    _ wanted: TextClass, _ lead: PatternScanner.Lead, _ most: Int, _ tail: PatternScanner.Tail,
    at start: Int
  ) -> Int? {
    // No lead is of the classes that follow it, so there is nothing to try again without it.
    let first = start + (isLead(lead, at: start) ? 1 : 0)
    var end = end(of: wanted, from: first, most: most)
    guard end > first else { return nil }
    if tail == .none { return end }
    while has(end, .newline)
      || tail == .newlinesAndSlashes && has(end, .other) && text[end].scalar == "/"
    {
      end += 1
    }
    return end
  }

  @inline(__always)
  private func isLead(_ lead: PatternScanner.Lead, at position: Int) -> Bool {
    switch lead {
    case .none: false
    case .space: text[position].scalar == " "
    case .other: has(position, [.mark, .space, .other]) && !has(position, .newline)
    }
  }

  private func contraction(at start: Int, anyCase: Bool) -> Int? {
    guard start + 1 < text.endIndex, text[start].scalar == "'" else { return nil }
    let first = letter(start + 1, anyCase)
    if "stmd".unicodeScalars.contains(first) { return start + 2 }
    guard start + 2 < text.endIndex else { return nil }
    switch (first, letter(start + 2, anyCase)) {
    case ("r", "e"), ("v", "e"), ("l", "l"): return start + 3
    default: return nil
    }
  }

  /// A letter as contractions have it; where case does not matter, the long ſ is an s too.
  private func letter(_ position: Int, _ anyCase: Bool) -> Unicode.Scalar {
    let scalar = text[position].scalar
    guard anyCase else { return scalar }
    if scalar == "\u{17F}" { return "s" }
    return scalar.isASCII && scalar.isLetter ? Unicode.Scalar(UInt8(scalar.value) | 32) : scalar
  }

  private static let capitals: TextClass = [.upper, .uncased, .mark]
  private static let smalls: TextClass = [.lower, .uncased, .mark]

  /// `[^\r\n\p{L}\p{N}]?`, capitals and smalls, and a contraction. Marks may lead, and are capitals and smalls too.
  private func word(needsSmall: Bool, at start: Int) -> Int? {
    let leads = isLead(.other, at: start) ? [start + 1, start] : [start]
    for first in leads {
      let large = end(of: Self.capitals, from: first)
      var last = end(of: Self.smalls, from: large)
      if needsSmall, last == large {
        // The capitals give back what can also be small: the last that can.
        while last > first, !has(last - 1, Self.smalls) { last -= 1 }
      }
      let isMatch = needsSmall ? last > first : large > first
      if isMatch { return contraction(at: last, anyCase: true) ?? last }
    }
    return nil
  }

  private func lines(at start: Int) -> Int? {
    var end = end(of: .space, from: start)
    while end > start, !has(end - 1, .newline) { end -= 1 }
    return end > start ? end : nil
  }

  private func spacesBeforeSpace(at start: Int) -> Int? {
    let end = end(of: .space, from: start)
    let last = end < text.endIndex ? end - 1 : end
    return last > start ? last : nil
  }

  private func threeDigits(at start: Int) -> Int? {
    guard start + 3 <= text.endIndex else { return nil }
    let isNumber = text[start..<start + 3].allSatisfy { ("0"..."9").contains($0.scalar) }
    return isNumber ? start + 3 : nil
  }
}
