import SmithBytes
import SmithKernels

/// Everything ELMo's mathematics depends on besides the weights (models §11).
public struct ElmoConfiguration: Hashable, Sendable, Codable {
  /// The filters of one width, in the order of the file.
  public struct Filters: Hashable, Sendable, Codable {
    public var width: Int
    public var count: Int

    public init(width: Int, count: Int) {
      self.width = width
      self.count = count
    }
  }

  /// Over which words a layer is normed before it is mixed. The mean and variance are those of the whole batch.
  public enum MixNorm: String, Hashable, Sendable, Codable {
    case none
    /// The words alone, epsilon 1e-12 (bilm `weight_layers`).
    case words
    /// The words and the sentence markers, epsilon 1e-13 (AllenNLP `ScalarMix`).
    case wordsAndMarkers

    var epsilon: Double { self == .words ? 1e-12 : 1e-13 }
  }

  /// Rows of the character table, without one for padding: 261.
  public var characterCount: Int
  /// c
  public var characterWidth: Int
  /// C, characters of a word with its begin and end.
  public var wordLength: Int
  public var filters: [Filters]
  public var activation: Activation
  public var highwayCount: Int
  /// P, the width of a word's vector and of an LSTM's state.
  public var stateSize: Int
  /// D, the width of an LSTM's memory.
  public var cellSize: Int
  public var layerCount: Int
  /// The largest magnitude of an LSTM's memory and of its mapped state; nil for no limit.
  public var cellClip: Double?
  public var stateClip: Double?
  /// Whether every layer but the first adds its input to its output.
  public var skipsConnections: Bool
  public var mixNorm: MixNorm

  public init(
    characterCount: Int = 261, characterWidth: Int, wordLength: Int = 50, filters: [Filters],
    activation: Activation, highwayCount: Int, stateSize: Int, cellSize: Int, layerCount: Int,
    cellClip: Double?, stateClip: Double?, skipsConnections: Bool, mixNorm: MixNorm = .none
  ) {
    self.characterCount = characterCount
    self.characterWidth = characterWidth
    self.wordLength = wordLength
    self.filters = filters
    self.activation = activation
    self.highwayCount = highwayCount
    self.stateSize = stateSize
    self.cellSize = cellSize
    self.layerCount = layerCount
    self.cellClip = cellClip
    self.stateClip = stateClip
    self.skipsConnections = skipsConnections
    self.mixNorm = mixNorm
  }

  /// F, all filters together.
  public var filterCount: Int { filters.reduce(0) { $0 + $1.count } }

  /// Throws `.mismatch` where sizes cannot belong together.
  func check() throws(SmithError) {
    let sizes = [
      ("character count", characterCount), ("character width", characterWidth),
      ("word length", wordLength), ("filter count", filterCount), ("state size", stateSize),
      ("cell size", cellSize), ("layer count", layerCount),
    ]
    for (name, size) in sizes where size <= 0 { throw contradiction("the \(name) is \(size)") }
    guard highwayCount >= 0 else { throw contradiction("\(highwayCount) highway layers") }
    for filter in filters where filter.count <= 0 || !(1...wordLength).contains(filter.width) {
      throw contradiction(
        "\(filter.count) filters over \(filter.width) characters, but a word has \(wordLength)")
    }
    for clip in [cellClip, stateClip].compactMap({ $0 }) where !(clip > 0) {
      throw contradiction("a clip at \(clip)")
    }
  }

  private func contradiction(_ detail: String) -> SmithError {
    SmithError(.mismatch, detail, at: Place(item: "configuration"))
  }
}
