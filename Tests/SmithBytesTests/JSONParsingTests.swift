import SmithBytes
import Testing

@Suite struct JSONParsingTests {
  struct Accepted: Sendable, CustomTestStringConvertible {
    let text: String
    let value: JSON
    var testDescription: String { text }
  }

  static let accepted: [Accepted] = [
    .init(text: "null", value: nil), .init(text: " true\n", value: true),
    .init(text: "\tfalse\r", value: false), .init(text: "0", value: 0),
    .init(text: "-12", value: -12), .init(text: "9223372036854775807", value: .integer(.max)),
    .init(text: "-9223372036854775808", value: .integer(.min)),
    .init(text: "9223372036854775808", value: .number(0x1p63)),
    .init(text: "18446744073709551616", value: .number(0x1p64)),
    .init(text: "1.0", value: .number(1)), .init(text: "1e3", value: .number(1000)),
    .init(text: "1E+2", value: .number(100)), .init(text: "25e-1", value: .number(2.5)),
    .init(text: "1e-12", value: .number(1e-12)),
    .init(text: "5e-324", value: .number(.leastNonzeroMagnitude)),
    .init(text: "1e-400", value: .number(0)), .init(text: "\"\"", value: ""),
    .init(text: "\"\\u0041\\n\\/\\\"\\\\\\b\\f\\r\\t\"", value: "A\n/\"\\\u{8}\u{C}\r\t"),
    .init(text: "\"\\uD83E\\udd17\"", value: "🤗"), .init(text: "\"🤗é\"", value: "🤗é"),
    .init(text: "\"\\u0000\"", value: "\0"), .init(text: "\"\u{7F}\"", value: "\u{7F}"),
    .init(text: "[]", value: []), .init(text: "{}", value: [:]),
    .init(text: "[1 , [ ] ,{ }, \"x\"]", value: [1, [], [:], "x"]),
    .init(text: "{ \"b\" : 1 , \"a\" : [ 2 ] }", value: ["b": 1, "a": [2]]),
    .init(text: "{\"\":{\"\":null}}", value: ["": ["": nil]]),
  ]

  @Test(arguments: accepted) func `a text gives its value`(_ row: Accepted) throws {
    #expect(try JSON.parse([UInt8](row.text.utf8)) == row.value)
  }

  struct Refused: Sendable, CustomTestStringConvertible {
    let text: String
    let kind: SmithError.Kind
    let offset: Int
    var testDescription: String { text }
  }

  static let refused: [Refused] = [
    .init(text: "", kind: .truncated, offset: 0), .init(text: "  ", kind: .truncated, offset: 2),
    .init(text: "{", kind: .truncated, offset: 1), .init(text: "[1", kind: .truncated, offset: 2),
    .init(text: "[1,", kind: .truncated, offset: 3),
    .init(text: "{\"a\"", kind: .truncated, offset: 4),
    .init(text: "{\"a\":", kind: .truncated, offset: 5),
    .init(text: "tru", kind: .truncated, offset: 0),
    .init(text: "\"abc", kind: .truncated, offset: 4),
    .init(text: "\"a\\", kind: .truncated, offset: 2),
    .init(text: "\"\\u12", kind: .truncated, offset: 5),
    .init(text: "-", kind: .truncated, offset: 1), .init(text: "1.", kind: .truncated, offset: 2),
    .init(text: "1e", kind: .truncated, offset: 2), .init(text: "1e+", kind: .truncated, offset: 3),
    .init(text: "\u{FEFF}{}", kind: .malformed, offset: 0),
    .init(text: "{}x", kind: .malformed, offset: 2),
    .init(text: "{}{}", kind: .malformed, offset: 2),
    .init(text: "{}\0", kind: .malformed, offset: 2),
    .init(text: "nul", kind: .truncated, offset: 0),
    .init(text: "nulL", kind: .malformed, offset: 0),
    .init(text: "True", kind: .malformed, offset: 0),
    .init(text: "NaN", kind: .malformed, offset: 0),
    .init(text: "Infinity", kind: .malformed, offset: 0),
    .init(text: "-Infinity", kind: .malformed, offset: 1),
    .init(text: "+1", kind: .malformed, offset: 0),
    .init(text: "01", kind: .malformed, offset: 1), .init(text: "-01", kind: .malformed, offset: 2),
    .init(text: ".5", kind: .malformed, offset: 0),
    .init(text: "1.e3", kind: .malformed, offset: 2),
    .init(text: "0x10", kind: .malformed, offset: 1), .init(text: "1e999", kind: .limit, offset: 0),
    .init(text: "[1,]", kind: .malformed, offset: 3),
    .init(text: "[,1]", kind: .malformed, offset: 1),
    .init(text: "[1 2]", kind: .malformed, offset: 3),
    .init(text: "[1}", kind: .malformed, offset: 2),
    .init(text: "{\"a\":1,}", kind: .malformed, offset: 7),
    .init(text: "{\"a\" 1}", kind: .malformed, offset: 5),
    .init(text: "{a:1}", kind: .malformed, offset: 1),
    .init(text: "{1:1}", kind: .malformed, offset: 1),
    .init(text: "{\"a\":1]", kind: .malformed, offset: 6),
    .init(text: "{'a':1}", kind: .malformed, offset: 1),
    .init(text: "[1]//", kind: .malformed, offset: 3),
    .init(text: "\"\n\"", kind: .malformed, offset: 1),
    .init(text: "\"\\x\"", kind: .malformed, offset: 1),
    .init(text: "\"a\\n\u{1}\"", kind: .malformed, offset: 4),
    .init(text: "\"\\u12G4\"", kind: .malformed, offset: 5),
    .init(text: "\"\\ud800\"", kind: .malformed, offset: 1),
    .init(text: "\"\\udc00\"", kind: .malformed, offset: 1),
    .init(text: "\"x\\ud800\\u0041\"", kind: .malformed, offset: 2),
    .init(text: "{\"a\":1,\"a\":1}", kind: .mismatch, offset: 11),
    .init(text: "{\"a\":1,\"\\u0061\":2}", kind: .mismatch, offset: 16),
    .init(text: String(repeating: "[", count: 65), kind: .limit, offset: 64),
    .init(text: String(repeating: "{\"a\":", count: 65), kind: .limit, offset: 320),
  ]

  @Test(arguments: refused) func `a broken text is refused at its place`(_ row: Refused) throws {
    let error = #expect(throws: SmithError.self) { try JSON.parse([UInt8](row.text.utf8)) }
    #expect(error?.kind == row.kind)
    #expect(error?.place.offset == row.offset)
  }

  @Test(arguments: [
    [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
  ])
  func `text that is not UTF-8 is refused`(_ bytes: [UInt8]) {
    #expect(throws: SmithError.self) { try JSON.parse(bytes) }
    #expect(throws: SmithError.self) { try JSON.parse([0x22, 0x5C, 0x6E] + bytes.dropFirst()) }
  }

  @Test func `nesting up to the limit is read`() throws {
    let text = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    var value = try JSON.parse([UInt8](text.utf8))
    var depth = 1
    while let inner = value[0] {
      value = inner
      depth += 1
    }
    #expect(depth == 64)
  }

  @Test func `keys are told apart by their bytes`() throws {
    let vocabulary = try JSON.parse([UInt8]("{\"\u{E9}\": 1, \"e\u{301}\": 2}".utf8))
    #expect(vocabulary["\u{E9}"] == 1)
    #expect(vocabulary["e\u{301}"] == 2)
  }

  @Test func `no prefix of a text traps`() throws {
    let text = "{\"a\\u00e9\\ud83e\\udd17\":[-1.5e+3,true,null,{\"b\":\"é\"}],\"c\":false}"
    let bytes = [UInt8](text.utf8)
    for end in 0..<bytes.count {
      #expect(throws: SmithError.self, "prefix of \(end)") { try JSON.parse(Array(bytes[..<end])) }
    }
  }

  @Test func `no changed byte traps`() throws {
    let bytes = [UInt8]("{\"a\\u00e9\":[-1.5e+3,true,null,{\"b\":\"é\"}]}".utf8)
    var stillValid = 0
    for index in bytes.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = bytes
        changed[index] = byte
        if (try? JSON.parse(changed)) != nil { stillValid += 1 }
      }
    }
    #expect(stillValid > bytes.count)
  }
}
