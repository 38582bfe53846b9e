import SmithBytes
import TestSupport
import Testing

/// Against the format's specification: the first and the last value of every code.
@Suite struct MessagePackTests {
  private func values(_ bytes: [UInt8]) throws(SmithError) -> [MessagePackValue] {
    let file: InputFile
    do {
      let scratch = try Scratch()
      file = try InputFile(try scratch.write(bytes, as: "x.msgpack"))
    } catch { throw SmithError(.io, "\(error)") }
    var reader = MessagePackReader(FileCursor(file))
    var values: [MessagePackValue] = []
    while !reader.isAtEnd { values.append(try reader.next()) }
    return values
  }

  static let scalars: [([UInt8], MessagePackValue)] = [
    ([0x00], .unsigned(0)), ([0x7F], .unsigned(127)), ([0xE0], .negative(-32)),
    ([0xFF], .negative(-1)), ([0xC0], .null), ([0xC2], .bool(false)), ([0xC3], .bool(true)),
    ([0xCC, 0xFF], .unsigned(255)), ([0xCD, 1, 2], .unsigned(258)),
    ([0xCE, 1, 2, 3, 4], .unsigned(0x0102_0304)),
    ([0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .unsigned(.max)),
    ([0xD0, 0x80], .negative(-128)), ([0xD0, 5], .unsigned(5)),
    ([0xD1, 0x80, 0], .negative(-32768)), ([0xD1, 0x7F, 0xFF], .unsigned(32767)),
    ([0xD2, 0x80, 0, 0, 0], .negative(-2_147_483_648)),
    ([0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0], .negative(.min)),
    ([0xD3, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .unsigned(UInt64(Int64.max))),
    ([0xCA, 0x3F, 0xC0, 0, 0], .float32(1.5)),
    ([0xCB, 0xBF, 0xF8, 0, 0, 0, 0, 0, 0], .float64(-1.5)),
  ]

  @Test(arguments: scalars)
  func `numbers`(_ bytes: [UInt8], _ value: MessagePackValue) throws {
    #expect(try values(bytes) == [value])
    for count in 1..<bytes.count {
      let error = #expect(throws: SmithError.self) { try values(Array(bytes.prefix(count))) }
      #expect(error?.kind == .truncated)
    }
  }

  static let payloads: [([UInt8], Int, @Sendable (Range<Int>) -> MessagePackValue)] = [
    ([0xA0], 0, { .string($0) }), ([0xBF], 31, { .string($0) }), ([0xD9, 2], 2, { .string($0) }),
    ([0xDA, 1, 0], 256, { .string($0) }), ([0xDB, 0, 0, 1, 1], 257, { .string($0) }),
    ([0xC4, 3], 3, { .binary($0) }), ([0xC5, 1, 0], 256, { .binary($0) }),
    ([0xC6, 0, 1, 0, 0], 65536, { .binary($0) }), ([0xD4, 1], 1, { .ext(code: 1, $0) }),
    ([0xD5, 2], 2, { .ext(code: 2, $0) }), ([0xD6, 0xFF], 4, { .ext(code: -1, $0) }),
    ([0xD7, 127], 8, { .ext(code: 127, $0) }), ([0xD8, 0x80], 16, { .ext(code: -128, $0) }),
    ([0xC7, 3, 9], 3, { .ext(code: 9, $0) }), ([0xC8, 1, 0, 9], 256, { .ext(code: 9, $0) }),
    ([0xC9, 0, 0, 0, 0, 9], 0, { .ext(code: 9, $0) }),
  ]

  @Test func `payloads are where they stand, and skipped`() throws {
    for (head, count, value) in Self.payloads {
      let bytes = head + Array(repeating: 0xC1, count: count)
      let range = head.count..<(head.count + count)
      #expect(try values(bytes + [0xC0]) == [value(range), .null])
      if count > 0 {
        let error = #expect(throws: SmithError.self) { try values(Array(bytes.dropLast())) }
        #expect(error?.kind == .truncated)
      }
    }
  }

  @Test(
    arguments: [
      ([0x81], 2, .map(1)), ([0x8F], 30, .map(15)), ([0xDE, 0, 2], 4, .map(2)),
      ([0xDF, 0, 0, 0, 3], 6, .map(3)), ([0x92], 2, .array(2)), ([0xDC, 0, 3], 3, .array(3)),
      ([0xDD, 0, 0, 1, 0], 256, .array(256)),
    ] as [([UInt8], Int, MessagePackValue)])
  func `containers count no more than the bytes that are left`(
    _ head: [UInt8], _ count: Int, _ value: MessagePackValue
  ) throws {
    #expect(try values(head + Array(repeating: 0, count: count)).first == value)
    let error = #expect(throws: SmithError.self) {
      try values(head + Array(repeating: 0, count: count - 1))
    }
    #expect(error?.kind == .truncated)
  }

  @Test func `the one code that is none`() {
    let error = #expect(throws: SmithError.self) { try values([0xC0, 0xC1]) }
    #expect(error?.kind == .malformed)
    #expect(error?.place.offset == 1)
  }

  @Test func `written in the shortest form`() {
    func bytes(_ write: (inout [UInt8]) -> Void) -> [UInt8] {
      var bytes: [UInt8] = []
      write(&bytes)
      return Array(bytes.prefix(6))
    }
    #expect(bytes { $0.append(messagePackMap: 15) } == [0x8F])
    #expect(bytes { $0.append(messagePackMap: 16) } == [0xDE, 0, 16])
    #expect(bytes { $0.append(messagePackMap: 65536) } == [0xDF, 0, 1, 0, 0])
    #expect(bytes { $0.append(messagePackArray: 16) } == [0xDC, 0, 16])
    #expect(bytes { $0.append(messagePack: String(repeating: "a", count: 31)) }.first == 0xBF)
    #expect(bytes { $0.append(messagePack: String(repeating: "a", count: 32)) }.first == 0xD9)
    #expect(bytes { $0.append(messagePack: String(repeating: "a", count: 256)) }.first == 0xDA)
    #expect(bytes { $0.append(messagePack: 127) } == [127])
    #expect(bytes { $0.append(messagePack: 128) } == [0xCC, 128])
    #expect(bytes { $0.append(messagePack: 256) } == [0xCD, 1, 0])
    #expect(bytes { $0.append(messagePack: 65536) } == [0xCE, 0, 1, 0, 0])
    #expect(bytes { $0.append(messagePack: 1 << 32) } == [0xCF, 0, 0, 0, 1, 0])
    #expect(bytes { $0.append(messagePackBinary: 255) } == [0xC4, 255])
    #expect(bytes { $0.append(messagePackBinary: 256) } == [0xC5, 1, 0])
    for (index, count) in [1, 2, 4, 8, 16].enumerated() {
      #expect(bytes { $0.append(messagePackExt: 1, count: count) } == [0xD4 + UInt8(index), 1])
    }
    #expect(bytes { $0.append(messagePackExt: -1, count: 3) } == [0xC7, 3, 0xFF])
    #expect(bytes { $0.append(messagePackExt: 1, count: 32) } == [0xC7, 32, 1])
    #expect(bytes { $0.append(messagePackExt: 1, count: 0) } == [0xC7, 0, 1])
    #expect(bytes { $0.append(messagePackExt: 1, count: 65536) } == [0xC9, 0, 1, 0, 0, 1])
  }
}
