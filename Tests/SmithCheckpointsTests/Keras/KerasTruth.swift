import Foundation
import SmithBytes
import TestSupport

@testable import SmithCheckpoints

/// What Keras itself reported of its variables: path and CRC-32C of the values, in its order (Fixtures/generate/keras_cases.py).
struct KerasTruth: Decodable, Sendable {
  var path: String
  var checksum: UInt32

  init(from decoder: any Decoder) throws {
    var row = try decoder.unkeyedContainer()
    path = try row.decode(String.self)
    checksum = try row.decode(UInt32.self)
  }

  /// The name of the layer that owns the variable.
  var layer: String { path.split(separator: "/").dropLast().last.map(String.init) ?? "" }

  static let byModel: [String: [KerasTruth]] = {
    let data = FileManager.default.contents(atPath: Fixtures.path("keras/values.json")) ?? Data()
    return (try? JSONDecoder().decode([String: [KerasTruth]].self, from: data)) ?? [:]
  }()
}

/// A layer of a file: its name and the checksums of its values.
struct KerasValues: Hashable {
  var layer: String
  var checksums: [UInt32]

  static func of(_ source: HDF5Source) throws -> [KerasValues] {
    let layers = try source.kerasLayers() ?? []
    return try layers.map { layer in
      KerasValues(
        layer: layer.name,
        checksums: try layer.weights.map { CRC32C.of(try source.bytes(of: $0)) })
    }
  }
}
