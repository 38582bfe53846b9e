import SmithBytes
import SmithModels
import SmithTensors

/// A checkpoint read as a model: family, dialect, configuration and canonical parameters. Weights are still on disk.
public struct Model: Sendable {
  public let checkpoint: Checkpoint
  public private(set) var parameters: Parameters
  /// What a user should know about how it was read: copies that differ, settings assumed.
  public let notes: [String]

  /// How the configuration is found.
  public struct Options: Sendable {
    /// A configuration file to use instead of the one beside the checkpoint.
    public var configuration: String?
    /// Settings in the file's own key names, stronger than the file: `num_attention_heads`, `hidden_act`.
    public var settings: JSONObject

    public init(configuration: String? = nil, settings: JSONObject = JSONObject()) {
      self.configuration = configuration
      self.settings = settings
    }
  }

  /// A typed error lists what is missing, unknown or contradictory.
  public init(_ checkpoint: Checkpoint, options: Options = Options()) throws(SmithError) {
    do throws(SmithError) {
      let stored = try StoredSchemes.fold(checkpoint.source)
      let names = stored.map { (name: $0.key, shape: $0.value.shape) }
      guard let (family, dialect) = try ParameterReader.recognise(names) else {
        throw SmithError(
          .unsupported,
          "the tensor names belong to no family we know (\(Families.all.map(\.name).joined(separator: ", ")))",
          remedy: "add --names keep to convert it tensor by tensor")
      }
      let file = try ConfigurationFiles.find(
        for: checkpoint, dialect: dialect, chosen: options.configuration)
      try Self.check(file, is: family)
      let reader = ParameterReader(configurationFile: file, overrides: options.settings)
      var (parameters, copies) = try reader.read(stored)
      notes = try TiedCopies(source: checkpoint.source).settle(copies, in: &parameters)
      self.checkpoint = checkpoint
      self.parameters = parameters
    } catch { throw error.at(file: checkpoint.path) }
  }

  public var family: String { parameters.configuration.family }
  public var dialect: Dialect.Name { parameters.dialect }
  public var configuration: ModelConfiguration { parameters.configuration }
  public var source: any TensorSource { checkpoint.source }

  /// The model with transforms applied, in order. Recipes are rewritten; no weight is read.
  public func applying(_ transforms: Transform...) throws(SmithError) -> Model {
    try applying(transforms)
  }

  public func applying(_ transforms: [Transform]) throws(SmithError) -> Model {
    var copy = self
    do throws(SmithError) {
      for transform in transforms {
        copy.parameters = try transform.apply(copy.parameters, checkpoint.source)
      }
    } catch { throw error.at(file: checkpoint.path) }
    return copy
  }

  /// A config.json that speaks of another family than the tensors is the wrong file.
  private static func check(
    _ file: (name: String, values: JSONObject)?, is family: Family
  ) throws(SmithError) {
    guard let file, let type = file.values["model_type"]?.stringValue, type != family.name else {
      return
    }
    let place = Place(file: file.name, item: "model_type")
    guard Families.named(type) != nil else {
      throw SmithError(
        .unsupported,
        "\"\(type)\" is a family we do not read; its tensor names are like \(family.name)'s",
        at: place, remedy: "add --names keep to convert it tensor by tensor")
    }
    throw SmithError(
      .mismatch, "\"\(type)\", but the tensor names are \(family.name)'s", at: place,
      remedy: "--config FILE with the right configuration")
  }
}
