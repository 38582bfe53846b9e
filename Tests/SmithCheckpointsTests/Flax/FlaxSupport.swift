import SmithBytes
import SmithTensors
import TestSupport
import Testing

/// What flax restored from a file, by name.
struct FlaxTruth: Sendable {
  let name: String
  let dtype: String
  let shape: [Int]
  let bytes: [UInt8]

  static func of(_ file: String) throws -> [FlaxTruth] {
    let rows = try JSON.parse(try Fixtures.bytes("flax/truth.json"))[file]?.objectValue
    var truth: [FlaxTruth] = []
    for (name, row) in try #require(rows) {
      let dtype = try #require(row["dtype"]?.stringValue)
      let shape = try #require(row["shape"]?.arrayValue)
      let hex = try #require(row["hex"]?.stringValue)
      truth.append(
        FlaxTruth(
          name: name, dtype: dtype, shape: shape.compactMap(\.intValue), bytes: [UInt8](hex: hex)))
    }
    return truth
  }
}

/// A tree written by hand.
indirect enum FlaxNode: Sendable {
  case map([(String, FlaxNode)])
  case bytes([UInt8])
  case text(String)
  case int(Int)
  case yes
  /// A Flax array with any of its parts as they are.
  case array(shape: [Int], type: String, data: [UInt8])
  case ext(Int8, [UInt8])

  var encoded: [UInt8] {
    var out: [UInt8] = []
    switch self {
    case .map(let pairs):
      out.append(messagePackMap: pairs.count)
      for (key, value) in pairs {
        out.append(messagePack: key)
        out += value.encoded
      }
    case .bytes(let bytes): out = bytes
    case .text(let text): out.append(messagePack: text)
    case .int(let value): out.append(messagePack: value)
    case .yes: out.append(messagePack: true)
    case .array(let shape, let type, let data):
      var inner: [UInt8] = []
      inner.append(messagePackArray: 3)
      inner.append(messagePackArray: shape.count)
      for size in shape { inner.append(messagePack: size) }
      inner.append(messagePack: type)
      inner.append(messagePackBinary: data.count)
      out = FlaxNode.ext(1, inner + data).encoded
    case .ext(let code, let bytes):
      out.append(messagePackExt: code, count: bytes.count)
      out += bytes
    }
    return out
  }
}
