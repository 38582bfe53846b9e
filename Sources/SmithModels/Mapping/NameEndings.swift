/// Which of some endings any of many names has: a glance that spares files of strangers the whole comparison with every table. A file may
/// have a million names, so their last bytes are compared as one number first.
struct NameEndings {
  private var found: Set<[UInt8]> = []

  init(_ endings: [[UInt8]], among names: [String]) {
    let length = min(8, endings.map(\.count).min() ?? 0)
    var open = Set(endings).map { (bytes: $0, word: $0.span.bytes.lastWord(of: length)) }
    for name in names {
      let bytes = name.utf8Span.span.bytes
      guard bytes.byteCount >= length else { continue }
      let word = bytes.lastWord(of: length)
      for index in open.indices.reversed()
      where open[index].word == word && bytes.ends(with: open[index].bytes) {
        found.insert(open.remove(at: index).bytes)
      }
    }
  }

  var isEmpty: Bool { found.isEmpty }

  func contain(_ ending: [UInt8]?) -> Bool { ending.map(found.contains) ?? false }
}

extension RawSpan {
  /// The last `length` bytes, at most 8, as one number.
  fileprivate func lastWord(of length: Int) -> UInt64 {
    if length == 8 {
      return unsafeLoadUnaligned(fromByteOffset: byteCount - 8, as: UInt64.self)
    }
    var word: UInt64 = 0
    for offset in (byteCount - length)..<byteCount {
      word = word << 8 | UInt64(unsafeLoad(fromByteOffset: offset, as: UInt8.self))
    }
    return word
  }

  fileprivate func ends(with wanted: [UInt8]) -> Bool {
    let start = byteCount - wanted.count
    return start >= 0
      && wanted.indices.allSatisfy {
        unsafeLoad(fromByteOffset: start + $0, as: UInt8.self) == wanted[$0]
      }
  }
}
