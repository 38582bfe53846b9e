import Foundation
import TestSupport
import Weightsmith

/// A family's Hugging Face sample, changed.
struct Variant {
  typealias Tensor = (name: String, shape: [Int], values: [Float])

  let family: String
  let scratch: Scratch

  init(of family: String, in scratch: Scratch) {
    self.family = family
    self.scratch = scratch
  }

  /// The sample with its tensors changed and with other settings in its configuration.
  func model(
    settings: [String: Any] = [:], _ change: ([Tensor]) -> [Tensor]
  ) throws -> Model {
    let folder = Fixtures.path("models/\(family)/hf")
    let json = try Self.json(folder + "/config.json").merging(settings) { $1 }
    let bytes = try JSONSerialization.data(withJSONObject: json)
    try scratch.write(Array(bytes), as: "src/config.json")
    let tensors = try SafetensorsFile(folder + "/model.safetensors").tensors
    try SafetensorsFile(change(tensors)).write(to: "\(scratch.path)/src/model.safetensors")
    return try Model(Checkpoint.open("\(scratch.path)/src"))
  }

  static func json(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  /// The sample as its original program left it.
  static func original(_ family: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path("models/\(family)/google_tf")))
  }

  static func isSame(_ candidate: Model, as reference: Model) throws -> Bool {
    try Verification(of: candidate, against: reference).compare(on: .standard).holds
  }
}
