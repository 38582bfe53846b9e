import SmithBytes
import TestSupport
import Testing

@Suite struct FileCursorTests {
  static func cursor(_ bytes: [UInt8], _ range: Range<Int>? = nil) throws -> FileCursor {
    let scratch = try Scratch()
    let file = try InputFile(try scratch.write(bytes, as: "f"))
    return FileCursor(FileWindow(file), range ?? 0..<bytes.count)
  }

  /// 100,000 bytes: several windows.
  static let large = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) }

  @Test func `bytes are those of the file across windows`() throws {
    var cursor = try Self.cursor(Self.large)
    for (offset, byte) in Self.large.enumerated() {
      let (position, got) = (cursor.position, try cursor.byte())
      if position != offset || got != byte { Issue.record("byte \(offset)") }
    }
    #expect(cursor.isAtEnd)
    let error = #expect(throws: SmithError.self) { try cursor.byte() }
    #expect(error?.kind == .truncated)
    #expect(error?.place.offset == 100_000)
  }

  @Test func `what is skipped is not read, what is behind is`() throws {
    var cursor = try Self.cursor(Self.large, 10..<90_010)
    #expect(try cursor.take(80_000) == 10..<80_010)
    #expect(try cursor.array(3) == Array(Self.large[80_010..<80_013]))
    var inner = try cursor.slice(5)
    #expect(cursor.position == 80_018)
    #expect(
      try inner.littleEndian(UInt16.self) == UInt16(Self.large[80_013]) | UInt16(Self.large[80_014])
        << 8)
    try inner.take(2)
    #expect(inner.range == 80_017..<80_018)
    #expect(try inner.loaded(atMost: 1).remaining == 1)
    #expect(throws: SmithError.self) { try inner.take(2) }
    #expect(throws: SmithError.self) { try cursor.take(-1) }
    let error = #expect(throws: SmithError.self) { try cursor.loaded(atMost: 9_000) }
    #expect(error?.kind == .limit)
    #expect(try cursor.loaded(atMost: 10_000).position == 80_018)
  }

  @Test func `a range beyond the file ends with it`() throws {
    let cursor = try Self.cursor([1, 2, 3], 1..<Int.max)
    #expect(cursor.range == 1..<3)
    #expect(try Self.cursor([1, 2, 3], 7..<9).isAtEnd)
  }

  @Test(
    arguments: [
      ([0x00], 0), ([0x7F], 127), ([0x80, 0x01], 128),
      ([255, 255, 255, 255, 255, 255, 255, 255, 255, 1], UInt64.max),
    ] as [([UInt8], UInt64)])
  func `integers`(bytes: [UInt8], value: UInt64) throws {
    var cursor = try Self.cursor(bytes)
    #expect(try cursor.varint() == value)
    var memory = ByteCursor(bytes)
    #expect(try memory.varint() == value)
  }

  /// The same messages from memory and from a file.
  @Test(
    arguments: [
      ([0x08, 0x05, 0x12, 0x02, 7, 8, 0x1D, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8], nil),
      ([0x08], .truncated), ([0x12, 0x05, 1], .truncated), ([0x0B], .malformed),
      ([0x00, 0x00], .malformed), ([0x0F], .malformed), ([0x1D, 1, 2], .truncated),
      ([0x12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], .truncated),
      ([0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], .malformed),
    ] as [([UInt8], SmithError.Kind?)])
  func `protobuf fields in a file`(bytes: [UInt8], kind: SmithError.Kind?) throws {
    func walk<C: WireCursor>(_ cursor: C) -> Result<[String], SmithError> {
      var reader = WireReader(cursor)
      var seen: [String] = []
      do throws(SmithError) {
        while let field = try reader.next() {
          switch field.value {
          case .varint(let value): seen.append("\(field.number) \(field.position) \(value)")
          case .fixed64(let value): seen.append("\(field.number) \(field.position) \(value)")
          case .fixed32(let value): seen.append("\(field.number) \(field.position) \(value)")
          case .bytes(let value):
            seen.append("\(field.number) \(value.position) \(value.remaining)")
          }
        }
        return .success(seen)
      } catch { return .failure(error) }
    }
    let found = walk(try Self.cursor(bytes))
    #expect(found == walk(ByteCursor(bytes)))
    switch found {
    case .success(let seen):
      #expect(kind == nil)
      #expect(seen == ["1 0 5", "2 4 2", "3 6 67305985", "4 11 578437695752307201"])
    case .failure(let error): #expect(error.kind == kind)
    }
  }
}
