/// Everything that can go wrong, in one shape for all layers: what kind of failure, where, what exactly, and what to try.
///
/// One type instead of one per layer: a parser's error reaches the user unchanged, and typed throws need no conversion on the way.
public struct SmithError: Error, Hashable, Sendable {
  /// What a caller can act on. Each kind has one exit code (see `exitCode`).
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The file ends before what it promises.
    case truncated
    /// Bytes that break the format's rules.
    case malformed
    /// A stored checksum that the bytes do not give.
    case checksum
    /// A count, size or depth beyond our limits.
    case limit
    /// Well formed, but something we do not read or write.
    case unsupported
    /// A tensor, shard, parameter or field that should be there and is not.
    case missing
    /// Two statements that contradict each other: shapes, configuration, duplicate names.
    case mismatch
    /// A request that cannot be fulfilled without changing the model.
    case refused
    /// The work was done, and what was demanded of its result does not hold.
    case unmet
    /// No such input.
    case notFound
    /// The output exists or cannot be made.
    case cannotCreate
    /// The operating system refused a read or a write.
    case io
    /// The caller's request makes no sense.
    case usage
    /// The work was cancelled.
    case cancelled
  }

  public var kind: Kind
  public var place: Place
  public var detail: String
  public var remedy: String?

  public init(_ kind: Kind, _ detail: String, at place: Place = Place(), remedy: String? = nil) {
    self.kind = kind
    self.place = place
    self.detail = detail
    self.remedy = remedy
  }

  /// The process exit code of sysexits.h for this kind (DESIGN: 1 the answer is no, 64 usage, 65 data, 66 input, 73 create, 74 I/O).
  public var exitCode: Int32 {
    switch kind {
    case .unmet: 1
    case .usage: 64
    case .truncated, .malformed, .checksum, .limit, .unsupported, .missing, .mismatch, .refused: 65
    case .notFound: 66
    case .cannotCreate: 73
    case .io: 74
    case .cancelled: 75
    }
  }

  /// The same error with any part of the place filled in that was still unknown.
  public func at(file: String? = nil, offset: Int? = nil, item: String? = nil) -> SmithError {
    var copy = self
    copy.place.file = place.file ?? file
    copy.place.offset = place.offset ?? offset
    copy.place.item = place.item ?? item
    return copy
  }
}

/// Where something went wrong: a file, a byte offset in it, an item (tensor, field, table row) by name.
public struct Place: Hashable, Sendable {
  public var file: String?
  public var offset: Int?
  public var item: String?

  public init(file: String? = nil, offset: Int? = nil, item: String? = nil) {
    self.file = file
    self.offset = offset
    self.item = item
  }
}

extension SmithError: CustomStringConvertible {
  /// One line: file, place, what is wrong, what to try. Names from files are escaped, so they cannot drive a terminal.
  public var description: String {
    var parts: [String] = []
    if let file = place.file { parts.append(file.escapedForTerminal) }
    if let offset = place.offset { parts.append("byte \(offset)") }
    if let item = place.item { parts.append(item.escapedForTerminal) }
    parts.append(detail.escapedForTerminal)
    let line = parts.joined(separator: ": ")
    guard let remedy else { return line }
    return "\(line) (try: \(remedy.escapedForTerminal))"
  }
}

extension String {
  /// Control characters written as \u{..}, so that a name out of a file cannot move the cursor or ring the bell.
  public var escapedForTerminal: String {
    let isPlain = utf8.withContiguousStorageIfAvailable { bytes in
      // To the end in any case: a loop without a way out is a few vector instructions.
      var others: UInt8 = 0
      for byte in bytes { others |= byte &- 0x20 > 0x5E ? 1 : 0 }
      return others == 0
    }
    if isPlain ?? false { return self }
    if unicodeScalars.allSatisfy({ !$0.isControl }) { return self }
    return unicodeScalars.map { $0.isControl ? "\\u{\(String($0.value, radix: 16))}" : String($0) }
      .joined()
  }
}

extension Unicode.Scalar {
  /// C0, DEL, C1, and the bidirectional overrides that can make a line read differently from what it says.
  var isControl: Bool {
    value < 0x20 || (0x7F...0x9F).contains(value) || (0x202A...0x202E).contains(value)
      || (0x2066...0x2069).contains(value)
  }
}
