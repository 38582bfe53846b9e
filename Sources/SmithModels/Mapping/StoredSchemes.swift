import SmithBytes
import SmithTensors

/// Our own layout of quantized tensors in a container that knows none: the components of a tensor stand beside each other, and the
/// metadata says which tensor has which scheme.
public enum StoredSchemes {
  /// The metadata key; its value is a JSON object {tensor name: {scheme, shape}}.
  public static let key = "weightsmith.schemes"

  /// The tensors of a source as recipes: plain ones as they are, components of a scheme folded into the tensor they encode.
  public static func fold(_ source: any TensorSource) throws(SmithError) -> StoredTensors {
    var plain: StoredTensors = [:]
    for tensor in source.tensors {
      guard case .plain(let dtype) = tensor.encoding else { continue }
      plain[tensor.name] = .source(name: tensor.name, dtype: dtype, shape: tensor.shape)
    }
    guard let text = source.metadata[key] else { return plain }
    let schemes = try JSON.parse(Array(text.utf8)).objectValue ?? JSONObject()
    let file = source.files.first
    for (name, value) in schemes { try fold(name, Entry(value, name: name, file: file), into: &plain, file: file) }
    return plain
  }

  /// One value of the metadata's object: the scheme, and the shape of what it encodes.
  struct Entry {
    var coder: any QuantizationScheme
    var shape: [Int]

    init(_ value: JSON, name: String, file: String?) throws(SmithError) {
      let place = Place(file: file, item: name)
      guard let scheme = value["scheme"]?.stringValue, let coder = Schemes.named(scheme) else {
        throw SmithError(.unsupported, "unknown scheme \(value.serialized())", at: place)
      }
      let dimensions = value["shape"]?.arrayValue ?? []
      let shape = dimensions.compactMap(\.intValue)
      guard shape.count == dimensions.count, shape.count >= 2 else {
        throw SmithError(.malformed, "no shape of a matrix in \(value.serialized())", at: place)
      }
      _ = try shape.elementCount()
      self.coder = coder
      self.shape = shape
    }

    static func json(scheme: String, shape: [Int]) -> JSON {
      ["scheme": .string(scheme), "shape": .array(shape.map(JSON.integer))]
    }
  }

  private static func fold(
    _ name: String, _ entry: Entry, into tensors: inout StoredTensors, file: String?
  ) throws(SmithError) {
    let (coder, shape) = (entry.coder, entry.shape)
    let components = try coder.components(shape: shape)
    var parts: [Recipe] = []
    for component in components {
      guard let part = tensors[name + component.suffix], part.shape == component.shape,
        part.dtype == component.dtype
      else {
        throw SmithError(
          .mismatch,
          "\(coder.name) needs \(name + component.suffix) as \(component.dtype.rawValue) \(component.shape)",
          at: Place(file: file, item: name))
      }
      parts.append(part)
    }
    for component in components.dropFirst() { tensors.removeValue(forKey: name + component.suffix) }
    tensors[name] = .decode(scheme: coder.name, shape: shape, components: parts)
  }
}
