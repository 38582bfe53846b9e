import Foundation
import SmithBytes
import SmithTensors
import TestSupport

@testable import SmithCheckpoints

/// What Fixtures/generate/zarr_cases.py wrote: folder → array name → array.
enum ZarrTruth {
  static let folders = TrueTensor.checkpoints("zarr/truth.json")
}

/// The metadata of an array that a test writes key by key.
struct ZarrFile {
  var keys: JSONObject = [
    "zarr_format": 2, "shape": [4], "chunks": [2], "dtype": "<f4", "compressor": nil,
    "fill_value": nil, "filters": nil, "order": "C",
  ]

  subscript(key: String) -> JSON? {
    get { keys[key] }
    set { keys[key] = newValue }
  }

  var bytes: [UInt8] { Array(JSON.object(keys).serialized().utf8) }

  /// Writes `.zarray` into a folder and returns the folder.
  @discardableResult
  func write(to scratch: Scratch, as name: String = "w") throws -> String {
    try scratch.write(bytes, as: "\(name)/.zarray")
    return "\(scratch.path)/\(name)"
  }
}
