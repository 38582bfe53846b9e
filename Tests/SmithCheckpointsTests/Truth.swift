import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

/// A tensor as the program that wrote it, or an independent reader, knew it: Fixtures' files `truth.json`.
struct TrueTensor: Decodable {
  var dtype: DType
  var shape: [Int]
  /// Little endian; absent for text.
  var hex: String?

  var bytes: [UInt8]? { hex.map { [UInt8](hex: $0) } }

  /// Checkpoint → tensor name → tensor; empty where the file is not there, which a test then says.
  static func checkpoints(_ file: String) -> [String: [String: TrueTensor]] {
    let data = FileManager.default.contents(atPath: Fixtures.path(file)) ?? Data()
    return (try? JSONDecoder().decode([String: [String: TrueTensor]].self, from: data)) ?? [:]
  }
}

/// The same for many or large ones: a checksum stands for the bytes.
struct TrueChecksum: Decodable, Sendable {
  var name: String
  var dtype: String
  var shape: [Int]
  /// CRC-32C of the little-endian bytes in row-major order; nil for what we do not read.
  var checksum: UInt32?

  init(from decoder: any Decoder) throws {
    var row = try decoder.unkeyedContainer()
    name = try row.decode(String.self)
    dtype = try row.decode(String.self)
    shape = try row.decode([Int].self)
    checksum = try row.decode(UInt32?.self)
  }

  static func files(_ file: String) -> [String: [TrueChecksum]] {
    let data = FileManager.default.contents(atPath: Fixtures.path(file)) ?? Data()
    return (try? JSONDecoder().decode([String: [TrueChecksum]].self, from: data)) ?? [:]
  }
}

extension [UInt8] {
  /// Pairs of lower-case digits.
  init(hex: String) {
    let digits = hex.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
    self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}

extension TensorSource {
  func tensor(_ name: String) throws(SmithError) -> TensorInfo {
    guard let found = tensors.first(where: { $0.name == name }) else {
      throw SmithError(.missing, "no tensor", at: Place(item: name))
    }
    return found
  }

  /// Some bytes of a tensor.
  func bytes(_ tensor: TensorInfo, _ range: Range<Int>) throws(SmithError) -> [UInt8] {
    try [UInt8](count: range.count) { span throws(SmithError) in
      try read(tensor, at: range.lowerBound, into: &span)
    }
  }

  /// Every tensor of `truth` is here with its type, its shape and its bytes, whole and in any range.
  func expect(
    _ truth: [String: TrueTensor], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(!truth.isEmpty, sourceLocation: sourceLocation)
    for (name, expected) in truth {
      let tensor = try tensor(name)
      #expect(
        tensor.encoding == .plain(expected.dtype), "\(name)", sourceLocation: sourceLocation)
      #expect(tensor.shape == expected.shape, "\(name)", sourceLocation: sourceLocation)
      guard let bytes = expected.bytes else { continue }
      #expect(tensor.byteCount == bytes.count, "\(name)", sourceLocation: sourceLocation)
      #expect(try self.bytes(tensor) == bytes, "\(name)", sourceLocation: sourceLocation)
      let step = max(1, bytes.count / 17)
      for start in stride(from: 0, through: bytes.count, by: step) {
        for end in stride(from: start, through: bytes.count, by: step) {
          #expect(
            try self.bytes(tensor, start..<end) == Array(bytes[start..<end]),
            "\(name) \(start)..<\(end)", sourceLocation: sourceLocation)
        }
      }
    }
  }
}
