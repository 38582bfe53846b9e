import SmithBytes
import SmithTensors

/// How a program stores a quantized matrix as several tensors: by which of them it is known, and what the matrix is made of.
protocol StoredLayout: Sendable {
  /// The program, as `--layout` calls it.
  var name: String { get }
  /// How the names of tensors end that only this layout has, or it and others of which at most one takes a matrix.
  var marks: [String] { get }

  /// The matrix that a tensor with a mark belongs to; nil where shapes and types say that it is none of this layout's.
  ///
  /// `.mismatch`, `.missing` or `.unsupported` for one that is of this layout and cannot be read.
  func matrix(
    _ stem: String, mark: String, in tensors: LaidOutTensors
  ) throws(SmithError)
    -> LaidOutMatrix?
}

/// A matrix that some layout stores.
struct LaidOutMatrix {
  /// The name it would have if it were one tensor.
  var name: String
  var recipe: Recipe
  /// The stored tensors that it takes.
  var tensors: [String]
}

/// The layouts, one line each; the first that takes a matrix has it.
public enum Layouts {
  static let all: [any StoredLayout] = [
    GPTQLayout(), AWQLayout(), MLXLayout(), CompressedTensorsLayout(), BitsAndBytesLayout(),
    BitsAndBytesInt8Layout(),
  ]

  private static let marks = all.flatMap { layout in layout.marks.map { (mark: $0, layout) } }

  /// Whether any tensor has a name that some layout is known by: a glance at all names.
  public static func areMet(in source: any TensorSource) -> Bool {
    !NameEndings(marks.map { Array($0.mark.utf8) }, among: source.tensors.map(\.name)).isEmpty
  }

  /// The matrices that other programs store as several tensors. `settings` is asked only where one is met.
  static func matrices(
    of source: any TensorSource, leaving taken: Set<String>,
    settings: () throws(SmithError) -> JSONObject
  ) throws(SmithError) -> [LaidOutMatrix] {
    guard areMet(in: source) else { return [] }
    var tensors: LaidOutTensors?
    var matrices: [LaidOutMatrix] = []
    for tensor in source.tensors where !taken.contains(tensor.name) {
      for (mark, layout) in marks where tensor.name.hasSuffix(mark) {
        if tensors == nil { tensors = LaidOutTensors(source, settings: try settings()) }
        guard let all = tensors else { continue }
        let stem = String(tensor.name.dropLast(mark.count))
        do throws(SmithError) {
          guard let matrix = try layout.matrix(stem, mark: mark, in: all) else { continue }
          matrices.append(matrix)
        } catch { throw error.at(file: source.files.first, item: tensor.name) }
        break
      }
    }
    return matrices
  }
}

/// The tensors of a checkpoint as layouts look at them: types and shapes by name, a few bytes, and what its configuration says.
struct LaidOutTensors {
  private let source: any TensorSource
  private let byName: [String: TensorInfo]
  /// `quantization_config` or `quantization` of the configuration file.
  let settings: JSONObject

  /// Far more than any matrix has columns, and than any state says.
  private static let readLimit = 1 << 22

  init(_ source: any TensorSource, settings: JSONObject) {
    self.source = source
    self.settings = settings
    byName = Dictionary(
      source.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func info(_ name: String) -> TensorInfo? { byName[name] }

  /// The shape of a tensor of one of these types and of that rank; nil where there is none.
  func shape(_ name: String, _ types: [DType], rank: Int? = nil) -> [Int]? {
    guard let info = byName[name], let dtype = info.encoding.dtype, types.contains(dtype),
      rank == nil || info.shape.count == rank
    else { return nil }
    return info.shape
  }

  /// The same where it must be there.
  func required(_ name: String, _ types: [DType], rank: Int) throws(SmithError) -> [Int] {
    guard let info = byName[name] else { throw SmithError(.missing, "it needs \(name)") }
    guard let shape = shape(name, types, rank: rank) else {
      let wanted = types.map(\.rawValue).joined(separator: " or ")
      throw SmithError(
        .mismatch,
        "it needs \(name) as \(wanted) with \(rank) dimensions, not \(info.encoding.name) \(info.shape)"
      )
    }
    return shape
  }

  /// All bytes of a tensor that is small whatever the model.
  func bytes(_ name: String) throws(SmithError) -> [UInt8] {
    guard let info = byName[name] else { throw SmithError(.missing, "it needs \(name)") }
    guard info.byteCount <= Self.readLimit else {
      throw SmithError(.limit, "\(info.byteCount) bytes in \(name)")
    }
    return try source.bytes(info)
  }

  /// A stored tensor, whose bytes are those of this type and shape.
  func recipe(_ name: String, _ dtype: DType? = nil, shape: [Int]? = nil) -> Recipe {
    let info = byName[name]
    return .source(
      name: name, dtype: dtype ?? info?.encoding.dtype ?? .opaque,
      shape: shape ?? info?.shape ?? [])
  }

  func dtype(_ name: String) -> DType { byName[name]?.encoding.dtype ?? .opaque }
}

extension LaidOutMatrix {
  /// A matrix of a scheme, whose components must have the sizes that it wants.
  static func decoding(
    _ scheme: String, shape: [Int], _ components: [Recipe]
  ) throws(SmithError) -> Recipe {
    guard let coder = Schemes.named(scheme) else {
      throw SmithError(.unsupported, "no scheme \(scheme)")
    }
    let wanted = try coder.components(shape: shape)
    for (component, part) in zip(wanted, components) where component.shape != part.shape {
      throw SmithError(
        .mismatch,
        "\(part.sources.first ?? "") gives \(part.shape) where \(component.shape) belong to \(scheme) \(shape)"
      )
    }
    guard wanted.count == components.count else {
      throw SmithError(.mismatch, "\(components.count) parts, \(scheme) has \(wanted.count)")
    }
    return .decode(scheme: scheme, shape: shape, components: components)
  }
}

extension DType {
  /// As the ending of a scheme's name.
  var scaleSuffix: String { self == .f32 ? "" : "-\(rawValue)" }
}
