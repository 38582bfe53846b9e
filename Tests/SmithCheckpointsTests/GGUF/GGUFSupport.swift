import Foundation
import SmithBytes
import SmithTensors
import TestSupport

@testable import SmithCheckpoints

/// What gguf-py found in each GGUF fixture (Fixtures/generate/gguf_truth.py).
struct GGUFTruth: Sendable {
  struct Value: Hashable, Sendable {
    var key: String
    /// `i32`, or `[i32]` for an array.
    var kind: String
    /// Floats as the number of their bits.
    var values: [String]
  }

  struct Tensor: Hashable, Sendable {
    var name: String
    var encoding: String
    var shape: [Int]
    var checksum: UInt32
  }

  var metadata: [Value]
  var tensors: [Tensor]

  static let byFile: [String: GGUFTruth] = {
    guard let bytes = try? Fixtures.bytes("truth/gguf.json"),
      let files = (try? JSON.parse(bytes))?.objectValue
    else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: files.map { ($0.key, GGUFTruth($0.value)) })
  }()

  static let files = byFile.keys.sorted()

  private init(_ json: JSON) {
    metadata = (json["metadata"]?.arrayValue ?? []).map { row in
      Value(
        key: row[0]?.stringValue ?? "", kind: row[1]?.stringValue ?? "",
        values: (row[2]?.arrayValue ?? []).compactMap(\.stringValue))
    }
    tensors = (json["tensors"]?.arrayValue ?? []).map { row in
      Tensor(
        name: row[0]?.stringValue ?? "", encoding: row[1]?.stringValue ?? "",
        shape: (row[2]?.arrayValue ?? []).compactMap(\.intValue),
        checksum: UInt32(row[3]?.intValue ?? 0))
    }
  }
}

extension GGUFTruth.Value {
  /// An entry of ours in the truth's form.
  init(_ entry: ContainerMetadata.Entry) throws {
    key = entry.key
    if case .array(let array) = entry.value {
      kind = "[\(array.kind.rawValue)]"
      values = try array.values().map(Self.text)
    } else {
      kind = entry.value.kind.rawValue
      values = [Self.text(entry.value)]
    }
  }

  private static func text(_ value: MetadataValue) -> String {
    switch value {
    case .f32(let value): String(value.bitPattern)
    case .f64(let value): String(value.bitPattern)
    case .bool(let value): value ? "1" : "0"
    default: value.text
    }
  }
}

extension TensorSource {
  /// Every tensor in the truth's form, read in two pieces that meet at an odd byte.
  func truths() throws -> [GGUFTruth.Tensor] {
    try tensors.map { tensor in
      let cut = min(tensor.byteCount, 7)
      let first = try [UInt8](count: cut) { span throws(SmithError) in
        try read(tensor, at: 0, into: &span)
      }
      let rest = try [UInt8](count: tensor.byteCount - cut) { span throws(SmithError) in
        try read(tensor, at: cut, into: &span)
      }
      return GGUFTruth.Tensor(
        name: tensor.name, encoding: tensor.encoding.name, shape: tensor.shape,
        checksum: CRC32C.of(first + rest))
    }
  }
}

/// A GGUF file put together by these few lines, to damage it. Little endian.
struct GGUFFile {
  var version: UInt32 = 3
  var entries: [[UInt8]] = []
  var tensors: [[UInt8]] = []
  /// Where a count other than the true one is to be claimed.
  var tensorCount: UInt64?
  var entryCount: UInt64?
  var alignment = 32
  var data: [UInt8] = []

  var bytes: [UInt8] {
    var bytes = Array("GGUF".utf8) + little(version) + little(tensorCount ?? UInt64(tensors.count))
    bytes += little(entryCount ?? UInt64(entries.count))
    bytes += entries.flatMap { $0 } + tensors.flatMap { $0 }
    bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
    return bytes + data
  }

  static func string(_ text: String) -> [UInt8] {
    little(UInt64(text.utf8.count)) + Array(text.utf8)
  }

  static func entry(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] {
    string(key) + little(type) + value
  }

  /// Dimensions as the file has them, fastest first.
  static func tensor(
    _ name: String, _ dimensions: [UInt64], type: UInt32 = 0, at offset: UInt64 = 0,
    rank: UInt32? = nil
  ) -> [UInt8] {
    string(name) + little(rank ?? UInt32(dimensions.count)) + dimensions.flatMap { little($0) }
      + little(type) + little(offset)
  }

  /// One f32 tensor `a` of 4 elements beside one entry `k`.
  static var plain: GGUFFile {
    var file = GGUFFile()
    file.entries = [entry("k", 4, little(UInt32(7)))]
    file.tensors = [tensor("a", [4])]
    file.data = [UInt8](repeating: 1, count: 16) + [UInt8](repeating: 0, count: 16)
    return file
  }
}

func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
