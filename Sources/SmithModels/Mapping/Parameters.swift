import OrderedCollections
import SmithBytes

/// A model in the canonical layout: what it is, and how each canonical parameter comes out of stored tensors. Nothing has been read.
public struct Parameters: Sendable {
  public var configuration: ModelConfiguration
  /// Canonical name to recipe, in the order of the family's table.
  public var recipes: OrderedDictionary<String, Recipe>
  /// What became of each stored tensor.
  public var fates: [TensorFate]
  /// The ecosystem the names came from, and its prefix.
  public var dialect: Dialect.Name
  /// The scheme of each quantized parameter, canonical name to the scheme's name: as stored, until a transform chooses another.
  public var schemes: [String: String] = [:]
  /// The layout in which another program finds quantized parameters (`Layouts`); nil for our own.
  public var layout: String?
  /// The matrices that were planned in that layout.
  public internal(set) var laidOut: [WrittenMatrix] = []
  /// Which of the models it is that the checkpoint's ecosystem keeps in one file; nil for all others.
  public var part: String?
  /// Settings that nothing stated, and what transforms have to say of their results.
  public var notes: [String] = []
  /// Rows of stored tensors that are no part of a parameter if they are zeros.
  public var leftOut: [LeftOut] = []
  /// What transforms measured.
  public var findings: [Finding] = []

  /// The number of parameters, tied tensors once.
  public var parameterCount: Int {
    recipes.values.reduce(0) { $0 + $1.shape.reduce(1, &*) }
  }
}

/// What became of one stored tensor. Every one has a fate: nothing is dropped in silence (DESIGN §2).
public struct TensorFate: Hashable, Sendable, Codable {
  public enum Kind: String, Hashable, Sendable, Codable {
    /// It fills a parameter.
    case used
    /// It repeats a parameter that another tensor fills.
    case copy
    /// It is no parameter.
    case ignored
  }

  public var tensor: String
  public var kind: Kind
  /// The canonical parameter, or the reason.
  public var detail: String

  public init(tensor: String, kind: Kind, detail: String) {
    self.tensor = tensor
    self.kind = kind
    self.detail = detail
  }
}

/// A stored tensor that claims to repeat a parameter: to be compared before it is believed.
public struct TiedCopy: Hashable, Sendable {
  public var stored: String
  public var canonical: String
  /// The copy in the canonical layout.
  public var recipe: Recipe
  /// Whether it is the one that counts where the two differ.
  public var prevails = false
}

/// Rows of a stored tensor that its parameter's layout leaves out, since they stand for padding: to be looked at before that is believed.
public struct LeftOut: Hashable, Sendable {
  public var stored: String
  public var canonical: String
  /// The rows as they are stored; zeros, if the layout is what it should be.
  public var recipe: Recipe
}
