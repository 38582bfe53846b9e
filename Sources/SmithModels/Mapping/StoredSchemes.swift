import SmithBytes
import SmithTensors

/// Our own layout of quantized tensors in a container that knows none: the components of a tensor stand beside each other, and the
/// metadata says which tensor has which scheme.
public enum StoredSchemes {
  /// The metadata key; its value is a JSON object {tensor name: {scheme, shape}}.
  public static let key = "weightsmith.schemes"

  /// The tensors of a source as recipes: plain ones as they are, blocks of a scheme we decode as the values they stand for, components
  /// of a scheme folded into the tensor they encode, ours and those of the programs in `Layouts`. Blocks we cannot decode, and what
  /// is stored as no numbers, have no recipe.
  ///
  /// `settings` gives what a configuration file says of the quantization; it is asked only where a layout of another program is met.
  /// `.malformed`, `.unsupported`, `.missing` or `.mismatch` where the metadata says what the tensors do not bear out.
  public static func fold(
    _ source: any TensorSource,
    settings: () throws(SmithError) -> JSONObject = { () throws(SmithError) in JSONObject() }
  ) throws(SmithError) -> StoredTensors {
    var tensors = try foldOwn(source)
    let taken = Set(
      tensors.values.filter { $0.storedScheme != nil }.flatMap(\.sources))
    for matrix in try Layouts.matrices(of: source, leaving: taken, settings: settings) {
      for name in matrix.tensors { tensors.removeValue(forKey: name) }
      guard tensors[matrix.name] == nil else {
        throw SmithError(
          .mismatch, "stored as itself and in parts",
          at: Place(file: source.files.first, item: matrix.name))
      }
      tensors[matrix.name] = matrix.recipe
    }
    return tensors
  }

  private static func foldOwn(_ source: any TensorSource) throws(SmithError) -> StoredTensors {
    var plain: StoredTensors = [:]
    for tensor in source.tensors {
      switch tensor.encoding {
      case .plain(let dtype):
        plain[tensor.name] = .source(name: tensor.name, dtype: dtype, shape: tensor.shape)
      case .scheme(let scheme): plain[tensor.name] = decoding(tensor, scheme)
      }
    }
    guard let text = source.metadata[key] else { return plain }
    let file = source.files.first
    for (name, value) in try schemes(text, file: file) {
      do throws(SmithError) { try fold(name, Entry(value), into: &plain) } catch {
        throw error.at(file: file, item: name)
      }
    }
    return plain
  }

  /// The values of a tensor that its container stores in a scheme's blocks; nil for a scheme we have no decoder of.
  private static func decoding(_ tensor: TensorInfo, _ scheme: String) -> Recipe? {
    // A scheme stores matrices; one row is a matrix too.
    let matrix = tensor.shape.count == 1 ? [1] + tensor.shape : tensor.shape
    guard let components = try? Schemes.named(scheme)?.components(shape: matrix),
      components.count == 1
    else { return nil }
    let blocks = Recipe.source(
      name: tensor.name, dtype: components[0].dtype, shape: components[0].shape)
    guard blocks.byteCount == tensor.byteCount else { return nil }
    let values = Recipe.decode(scheme: scheme, shape: matrix, components: [blocks])
    return matrix == tensor.shape ? values : .reshape(values, shape: tensor.shape)
  }

  /// The tensor to which each stored component of our own layout belongs.
  public static func owners(in source: any TensorSource) throws(SmithError) -> [String: String] {
    guard let text = source.metadata[key] else { return [:] }
    var owners: [String: String] = [:]
    for (name, value) in try schemes(text, file: source.files.first) {
      let entry = try Entry(value)
      for component in try entry.coder.components(shape: entry.shape) {
        owners[name + component.suffix] = name
      }
    }
    return owners
  }

  /// Metadata in which the quantized tensors have their new names; those without one are gone.
  public static func renaming(
    _ metadata: ContainerMetadata, _ names: [String: String?]
  ) throws(SmithError) -> ContainerMetadata {
    guard let text = metadata[key] else { return metadata }
    var (result, entries) = (metadata, JSONObject())
    for (name, value) in try schemes(text, file: nil) {
      if let new = names[name] ?? nil { entries[new] = value }
    }
    result[key] = entries.isEmpty ? nil : JSON.object(entries).serialized()
    return result
  }

  private static func schemes(_ text: String, file: String?) throws(SmithError) -> JSONObject {
    do throws(SmithError) {
      guard let schemes = try JSON.parse(Array(text.utf8)).objectValue else {
        throw SmithError(.malformed, "expected a JSON object")
      }
      return schemes
    } catch {
      // Its offsets count within the text, not within the file.
      throw SmithError(error.kind, error.detail, at: Place(file: file, item: "metadata \(key)"))
    }
  }

  /// One value of the metadata's object: the scheme, and the shape of what it encodes.
  struct Entry {
    var coder: any QuantizationScheme
    var shape: [Int]

    init(_ value: JSON) throws(SmithError) {
      guard let scheme = value["scheme"]?.stringValue, let coder = Schemes.named(scheme) else {
        throw SmithError(.unsupported, "unknown scheme \(value.serialized())")
      }
      let dimensions = value["shape"]?.arrayValue ?? []
      let shape = dimensions.compactMap(\.intValue)
      guard shape.count == dimensions.count, shape.count >= 2 else {
        throw SmithError(.malformed, "no shape of a matrix in \(value.serialized())")
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
    _ name: String, _ entry: Entry, into tensors: inout StoredTensors
  ) throws(SmithError) {
    let (coder, shape) = (entry.coder, entry.shape)
    let components = try coder.components(shape: shape)
    var parts: [Recipe] = []
    for component in components {
      // A component is a tensor as stored, never one that a scheme decodes: a chain of those has no end.
      let stored = name + component.suffix
      let wanted = Recipe.source(name: stored, dtype: component.dtype, shape: component.shape)
      guard let part = tensors[stored], part == wanted else {
        throw SmithError(
          .mismatch,
          "\(coder.name) needs \(stored) as \(component.dtype.rawValue) \(component.shape)")
      }
      parts.append(part)
    }
    for component in components.dropFirst() { tensors.removeValue(forKey: name + component.suffix) }
    tensors[name] = .decode(scheme: coder.name, shape: shape, components: parts)
  }
}

extension Plan {
  /// Turns codes of our own layout into the blocks of a container that knows the scheme, and takes them out of the metadata: there
  /// the container itself says what they are.
  public mutating func useNativeBlocks(of schemes: Set<String>) {
    guard let text = metadata[StoredSchemes.key],
      var entries = (try? JSON.parse(Array(text.utf8)))?.objectValue
    else { return }
    for (index, output) in outputs.enumerated() {
      guard let value = entries[output.name], let entry = try? StoredSchemes.Entry(value),
        schemes.contains(entry.coder.name),
        let components = try? entry.coder.components(shape: entry.shape), components.count == 1,
        output.encoding == .plain(components[0].dtype), output.shape == components[0].shape
      else { continue }
      outputs[index] = Output(
        name: output.name, scheme: entry.coder.name, shape: entry.shape, blocks: output.recipe)
      entries.remove(output.name)
    }
    metadata[StoredSchemes.key] = entries.isEmpty ? nil : JSON.object(entries).serialized()
  }
}
