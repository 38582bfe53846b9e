import SmithBytes
import TestSupport
import Testing

@Suite struct JSONValueTests {
  struct Written: Sendable {
    let name: String
    var pretty = false
    var sortedKeys = false
  }

  @Test(arguments: [
    Written(name: "pretty", pretty: true), Written(name: "compact"),
    Written(name: "sorted", pretty: true, sortedKeys: true),
  ])
  func `text is what Python's json module writes`(_ row: Written) throws {
    let source = try JSON.parse(try Fixtures.bytes("json/pretty.json"))
    let expected = String(decoding: try Fixtures.bytes("json/\(row.name).json"), as: UTF8.self)
    #expect(source.serialized(pretty: row.pretty, sortedKeys: row.sortedKeys) == expected)
  }

  @Test func `numbers that are not finite become null`() {
    #expect(JSON.array([.number(.nan), .number(.infinity)]).serialized() == "[null,null]")
  }

  @Test func `conveniences answer for their kind only`() {
    let value: JSON = [
      "text": "x", "whole": 3, "integral": 4.0, "half": 0.5, "flag": true, "list": [7],
    ]
    #expect(value["text"]?.stringValue == "x")
    #expect(value["whole"]?.intValue == 3)
    #expect(value["whole"]?.doubleValue == 3)
    #expect(value["integral"]?.intValue == 4)
    #expect(value["half"]?.intValue == nil)
    #expect(value["half"]?.doubleValue == 0.5)
    #expect(value["flag"]?.boolValue == true)
    #expect(value["flag"]?.intValue == nil)
    #expect(value["list"]?[0] == 7)
    #expect(value["list"]?[1] == nil)
    #expect(value["list"]?["text"] == nil)
    #expect(value["absent"] == nil)
    #expect(JSON.number(1e300).intValue == nil)
  }

  @Test(arguments: [3, 40]) func `an object keeps its order through changes`(_ count: Int) {
    var object = JSONObject()
    for index in 0..<count { object["key \(index)"] = .integer(index) }
    object["key 1"] = "changed"
    #expect(object.remove("key 0") == 0)
    #expect(object.remove("key 0") == nil)
    object["key 2"] = nil
    object["last"] = .null
    #expect(object.keys == ["key 1"] + (3..<max(3, count)).map { "key \($0)" } + ["last"])
    #expect(object["key 1"] == "changed")
    #expect(object["last"] == .some(.null))
    #expect(object["key 2"] == nil)
    #expect(object.insert("last", 1) == false)
    #expect(object.map(\.key) == object.keys)
    #expect(object.count == object.keys.count)
  }

  @Test func `the scanner pulls values and skips what is not wanted`() throws {
    let text = "{\"skip\":[{\"a\":[1,{}]},\"x\",null,true,-1.5],\"want\":[1,2,3],\"b\":{\"c\":[]}} "
    var scanner = JSONScanner([UInt8](text.utf8), base: 8)
    var numbers: [Int] = []
    try scanner.beginObject()
    while let key = try scanner.nextKey() {
      guard key == "want" else {
        try scanner.skipValue()
        continue
      }
      try scanner.beginArray()
      while try scanner.nextElement() { numbers.append(try scanner.unsignedInteger()) }
    }
    try scanner.finish()
    #expect(numbers == [1, 2, 3])
  }

  @Test(arguments: [
    ("-1", SmithError.Kind.malformed), ("1.0", .malformed), ("1e2", .malformed),
    ("\"1\"", .malformed),
    ("9223372036854775808", .limit), ("18446744073709551616", .limit), ("", .truncated),
  ])
  func `a size must be a whole number`(_ text: String, _ kind: SmithError.Kind) throws {
    var scanner = JSONScanner([UInt8](text.utf8), base: 100)
    let error = #expect(throws: SmithError.self) { try scanner.unsignedInteger() }
    #expect(error?.kind == kind)
    #expect(error?.place.offset == 100)
  }

  /// The same value to a parser, and nothing that a terminal obeys.
  @Test func `for a terminal, control characters that JSON lets stand are escaped`() throws {
    let value: JSON = ["a\u{9B}2J": "\u{7F}\u{202E}ü\u{1B}", "b": "plain ✓"]
    let text = value.serialized(forTerminal: true)
    #expect(text == #"{"a\u009b2J":"\u007f\u202eü\u001b","b":"plain ✓"}"#)
    #expect(try JSON.parse(Array(text.utf8)) == value)
    #expect(value.serialized().contains("\u{9B}"))
  }
}
