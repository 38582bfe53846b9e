import SmithBytes
import SmithTensors

/// A layout that we write: which schemes it holds, the tensors of one matrix, and what config.json says of all of them.
public protocol WritingLayout: Sendable {
  var name: String { get }
  /// The schemes it holds, for people.
  var held: String { get }
  /// Whether its library quantizes embeddings, not only linear layers.
  var takesEmbeddings: Bool { get }

  /// Whether all matrices of a file must have one scheme: no substitutes.
  var isUniform: Bool { get }

  /// The scheme that the layout stores a matrix under when asked for another of the same codes; nil where it holds none such.
  func form(of scheme: any QuantizationScheme) -> (any QuantizationScheme)?

  /// Whether a matrix of that shape has whole words.
  func holds(_ shape: [Int], by scheme: any QuantizationScheme) -> Bool

  /// The tensors of a matrix whose components are `parts`; `stem` is its name without `.weight`.
  func outputs(
    _ stem: String, _ scheme: any QuantizationScheme, shape: [Int], parts: [Recipe]
  ) -> [Plan.Output]

  /// The entries of config.json for matrices with these names, each under the scheme that holds it.
  func configuration(of matrices: [WrittenMatrix]) -> JSONObject
}

/// A matrix in an output: its name without `.weight`, and its scheme.
public struct WrittenMatrix: Hashable, Sendable {
  public var stem: String
  public var scheme: String
}

extension WritingLayout {
  public var takesEmbeddings: Bool { false }
  public var isUniform: Bool { false }
  public func holds(_ shape: [Int], by scheme: any QuantizationScheme) -> Bool { true }
}

extension Layouts {
  /// Those that are written, in the order in which they are listed.
  static let written: [any WritingLayout] = [
    MLXLayout(), CompressedTensorsLayout(), BitsAndBytesLayout(), GPTQLayout(),
  ]

  /// Our own, which holds every scheme and is no `WritingLayout`.
  public static let own = "weightsmith"

  /// What `--layout` takes.
  public static let names = written.map(\.name) + [own]

  public static func writing(_ name: String) -> (any WritingLayout)? {
    written.first { $0.name == name }
  }
}

extension Recipe {
  /// Elements of another width over the same bytes.
  func viewed(_ dtype: DType) -> Recipe { self.dtype == dtype ? self : codes(.view(dtype)) }
}

/// Which bits and groups of integer codes a layout takes.
extension AffineScheme {
  var isGrouped: Bool { if case .group = granularity { true } else { false } }
  var groupSize: Int? { if case .group(let size) = granularity { size } else { nil } }
}
