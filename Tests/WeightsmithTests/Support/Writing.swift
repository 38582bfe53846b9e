import Foundation
import TestSupport
import Testing
import Weightsmith

/// A container together with an ecosystem's names: what a model can be written as.
struct Form: Sendable, CustomStringConvertible {
  var container: String
  var names: Dialect.Name

  var description: String { "\(names.rawValue) in \(container)" }

  static let all = [
    Form(container: "tf", names: .original), Form(container: "safetensors", names: .hf),
    Form(container: "safetensors", names: .keras), Form(container: "hdf5", names: .keras),
    Form(container: "msgpack", names: .flax), Form(container: "torch", names: .fairseq),
    Form(container: "tf", names: .bilm), Form(container: "torch", names: .allennlp),
  ]
}

extension Conversion {
  /// A conversion of a model, or with `names` nil of the checkpoint it came from.
  init(_ model: Model, to container: String, as names: Dialect.Name?, at destination: String) throws
  {
    let format = try Target.format(named: container, for: destination)
    let input: Input = names == nil ? .checkpoint(model.checkpoint) : .model(model)
    self.init(input, to: Target(format: format, names: names), at: destination)
  }

  @discardableResult
  func run() throws -> ConversionReport { try run(prepare()) }
}

extension Model {
  /// Stored names and the parameters they fill.
  var used: [(tensor: String, parameter: String)] {
    parameters.fates.filter { $0.kind == .used }.map { ($0.tensor, $0.detail) }
  }

  /// The stored tensors whose numbers have a constant in some layout of the family, so that a way there and back rounds them.
  var rounded: Set<String> {
    let rules = Families.named(family)?.dialects.flatMap(\.rules).filter { $0.added != nil } ?? []
    return Set(
      used.filter { _, parameters in
        parameters.split(separator: ", ").contains { parameter in
          rules.contains { $0.canonical.match(String(parameter)) != nil }
        }
      }.map(\.tensor))
  }

  /// Writes the model and opens what was written.
  func written(as form: Form, to destination: String) throws -> Model {
    try Conversion(self, to: form.container, as: form.names, at: destination).run()
    return try Model(Checkpoint.open(destination))
  }
}

/// A safetensors file taken apart by this test's own few lines, to damage it or to make one.
struct SafetensorsFile {
  private(set) var header: [String: Any]
  private var data: Data

  init(_ path: String) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let json = try JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length))
    header = json as? [String: Any] ?? [:]
    data = Data(bytes.dropFirst(8 + length))
  }

  /// A new file of f32 tensors.
  init(_ tensors: [(name: String, shape: [Int], values: [Float])]) {
    header = [:]
    data = Data()
    for tensor in tensors {
      let start = data.count
      for value in tensor.values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
      }
      header[tensor.name] = [
        "dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.count],
      ]
    }
  }

  func write(to path: String) throws {
    var text = try JSONSerialization.data(withJSONObject: header, options: .sortedKeys)
    text.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8))
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try (Data(length) + text + data).write(to: URL(fileURLWithPath: path))
  }

  /// All tensors, to make another file of; f32 only.
  var tensors: [(name: String, shape: [Int], values: [Float])] {
    header.keys.filter { $0 != "__metadata__" }.sorted().map { ($0, shape($0), self[$0]) }
  }

  private func entry(_ name: String) -> [String: Any] { header[name] as? [String: Any] ?? [:] }

  func shape(_ name: String) -> [Int] { entry(name)["shape"] as? [Int] ?? [] }

  func range(_ name: String) -> Range<Int> {
    let offsets = entry(name)["data_offsets"] as? [Int] ?? [0, 0]
    return offsets[0]..<offsets[1]
  }

  subscript(bytes name: String) -> [UInt8] {
    get { Array(data[range(name)]) }
    set { data.replaceSubrange(range(name), with: newValue) }
  }

  /// The values of an f32 tensor.
  subscript(name: String) -> [Float] {
    get { Self.floats(self[bytes: name]) }
    set {
      self[bytes: name] = newValue.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
    }
  }

  /// Little-endian f32 values.
  static func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { at in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * $1) })
    }
  }
}
