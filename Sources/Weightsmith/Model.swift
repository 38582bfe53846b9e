import SmithBytes
import SmithModels
import SmithTensors

/// A checkpoint read as a model: family, dialect, configuration and canonical parameters. Weights are still on disk.
public struct Model: Sendable {
  public private(set) var checkpoint: Checkpoint
  public private(set) var parameters: Parameters
  /// What a user should know about how it was read: copies that differ, settings assumed.
  public let notes: [String]
  /// Whether its parameters are no longer those of the checkpoint.
  private(set) var isTransformed = false

  /// How the configuration is found.
  public struct Options: Sendable {
    /// A configuration file to use instead of the one beside the checkpoint.
    public var configuration: String?
    /// Settings in the file's own key names, stronger than the file: `num_attention_heads`, `hidden_act`.
    public var settings: JSONObject
    /// Which model of a checkpoint that holds several: `discriminator`, `generator`.
    public var part: String?

    public init(
      configuration: String? = nil, settings: JSONObject = JSONObject(), part: String? = nil
    ) {
      self.configuration = configuration
      self.settings = settings
      self.part = part
    }
  }

  /// A typed error lists what is missing, unknown or contradictory.
  public init(_ checkpoint: Checkpoint, options: Options = Options()) throws(SmithError) {
    do throws(SmithError) {
      let stored = try checkpoint.stored(configuration: options.configuration)
      let names = stored.map { (name: $0.key, shape: $0.value.shape) }
      let found = try ConfigurationFiles.recognise(names, of: checkpoint, options)
      guard let (family, dialect) = found else {
        throw SmithError(
          .unsupported,
          "the tensor names belong to no family we know (\(Families.all.map(\.name).joined(separator: ", ")))",
          remedy: "add --names keep to convert it tensor by tensor")
      }
      let file = try ConfigurationFiles.find(
        for: checkpoint, dialect: dialect, chosen: options.configuration)
      try Self.check(file, options.settings, is: family)
      let reader = ParameterReader(
        configurationFile: file, overrides: options.settings, part: options.part)
      var (parameters, copies) = try reader.read(stored)
      var notes =
        try parameters.notes + TiedCopies(source: checkpoint.source).settle(copies, in: &parameters)
      notes += try TiedCopies(source: checkpoint.source).look(at: parameters.leftOut)
      parameters.notes = []
      try Self.check(options.part, is: family.part(of: parameters), of: family)
      self.notes = notes
      self.checkpoint = checkpoint
      self.parameters = parameters
    } catch { throw error.at(file: checkpoint.path) }
  }

  public var family: String { parameters.configuration.family }

  /// The mathematics of the family.
  public var architecture: any Architecture { configuration.architecture }

  /// Sizes, settings and heads as a person wants to read them.
  public var summary: [(label: String, text: Summary)] { architecture.summary(of: configuration) }

  public var dialect: Dialect.Name { parameters.dialect }
  /// Which model it is in a family whose models come several in one file; nil in all others.
  public var part: String? { Families.named(family)?.part(of: parameters) }
  public var configuration: ModelConfiguration { parameters.configuration }
  public var source: any TensorSource { checkpoint.source }

  /// Other parameters over another source: what a merge makes.
  func replacing(_ checkpoint: Checkpoint, parameters: Parameters) -> Model {
    var copy = self
    copy.checkpoint = checkpoint
    copy.parameters = parameters
    copy.isTransformed = true
    return copy
  }

  /// The model with transforms applied, in order. Recipes are rewritten; no weight is read.
  public func applying(_ transforms: Transform...) throws(SmithError) -> Model {
    try applying(transforms)
  }

  public func applying(_ transforms: [Transform]) throws(SmithError) -> Model {
    var copy = self
    do throws(SmithError) {
      for transform in transforms {
        copy.parameters = try transform.apply(copy.parameters, checkpoint.source)
        copy.isTransformed = true
      }
      copy.parameters = copy.parameters.fittedToFamily()
    } catch { throw error.at(file: checkpoint.path) }
    return copy
  }

  /// A config.json that speaks of another family than the tensors is the wrong file.
  private static func check(
    _ file: (name: String, values: JSONObject)?, _ settings: JSONObject, is family: Family
  ) throws(SmithError) {
    if let set = settings["model_type"] {
      if let type = set.stringValue, family.isNamed(type) { return }
      throw SmithError(
        .usage, "--set model_type=\(set.serialized()): the tensor names are \(family.name)'s")
    }
    guard let file, let type = file.values["model_type"]?.stringValue, !family.isNamed(type) else {
      return
    }
    let place = Place(file: file.name, item: "model_type")
    guard Families.all.contains(where: { $0.isNamed(type) }) else {
      throw SmithError(
        .unsupported,
        "\"\(type)\" is a family we do not read; its tensor names are like \(family.name)'s",
        at: place, remedy: "add --names keep to convert it tensor by tensor")
    }
    throw SmithError(
      .mismatch, "\"\(type)\", but the tensor names are \(family.name)'s", at: place,
      remedy: "--config FILE with the right configuration")
  }

  /// A part that was asked for is the one that is there.
  private static func check(
    _ part: String?, is found: String?, of family: Family
  ) throws(SmithError) {
    guard let part, part != found else { return }
    throw SmithError(
      .usage,
      found.map { "--part \(part): the checkpoint holds only the \($0)" }
        ?? "--part \(part): the models of \(family.name) have no parts")
  }
}
