import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors

/// What a checkpoint is, without touching its weights.
public struct Inspection: Sendable {
  public let container: String
  public let files: [String]
  /// Nil when no family's tables fit, or two fit.
  public let family: String?
  public let dialect: Dialect.Name?
  /// The canonical model, nil when family or configuration is not known; `notes` then says why.
  public let model: Model?
  /// The models of a checkpoint that holds several, by part, where none was chosen; empty for all others.
  public let parts: [(name: String, model: Model)]
  public let tensors: [TensorInfo]
  public let metadata: [String: String]
  public let notes: [String]

  public init(_ checkpoint: Checkpoint, options: Model.Options = Model.Options()) throws(SmithError)
  {
    container = checkpoint.container
    files = checkpoint.source.files
    tensors = try checkpoint.logicalTensors()
    metadata = checkpoint.metadata
    var notes: [String] = []
    var found: (family: Family, dialect: Dialect)?
    var model: Model?
    var parts: [(name: String, model: Model)] = []
    do throws(SmithError) {
      let names = tensors.map { (name: $0.name, shape: $0.shape) }
      let several = options.part == nil ? ParameterReader.parts(in: names) : []
      var options = options
      if several.isEmpty {
        found = try ConfigurationFiles.recognise(names, of: checkpoint, options)
        if found != nil { model = try Model(checkpoint, options: options) }
      } else {
        found = try ParameterReader.recognise(names, part: several[0])
        for part in several {
          options.part = part
          parts.append((part, try Model(checkpoint, options: options)))
        }
      }
    } catch { notes.append(error.description) }
    self.parts = parts
    family = found?.family.name
    dialect = found?.dialect.name
    self.model = model
    self.notes =
      checkpoint.source.notes + notes + (model?.notes ?? []) + parts.flatMap(\.model.notes)
  }

  /// All tensors as stored, parameters or not.
  public var tensorBytes: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// Keeps the tensors whose stored name matches.
  public func matching(_ glob: Glob) -> [TensorInfo] {
    glob.pattern == "*" ? tensors : tensors.filter { glob.matches($0.name) }
  }

  /// The value that scripts rely on (DESIGN §7).
  public func json(tensors: [TensorInfo], statistics: [String: TensorStatistics] = [:]) -> JSON {
    var object: JSONObject = [
      "container": .string(container), "family": family.map(JSON.string) ?? .null,
      "dialect": dialect.map { .string($0.rawValue) } ?? .null,
      "configuration": model.map { .object($0.configuration.json) } ?? .null,
      "heads": .array((model?.configuration.heads ?? []).map(JSON.string)),
      "parameters": model.map { .integer($0.parameters.parameterCount) } ?? .null,
      "tensors": .array(
        tensors.map { tensor in
          var row: JSONObject = [
            "name": .string(tensor.name), "dtype": .string(tensor.encoding.name),
            "shape": .array(tensor.shape.map(JSON.integer)), "bytes": .integer(tensor.byteCount),
          ]
          if let found = statistics[tensor.name] { row["statistics"] = found.json }
          return .object(row)
        }),
    ]
    var text = JSONObject()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { text[key] = .string(value) }
    object["metadata"] = .object(text)
    if !parts.isEmpty {
      object["parts"] = .array(
        parts.map { name, model in
          [
            "name": .string(name), "configuration": .object(model.configuration.json),
            "heads": .array(model.configuration.heads.map(JSON.string)),
            "parameters": .integer(model.parameters.parameterCount),
          ]
        })
    }
    object["notes"] = .array(notes.map(JSON.string))
    return .object(object)
  }
}

extension ModelConfiguration {
  /// The canonical configuration for programs; sizes by their canonical names.
  public var json: JSONObject {
    var object = JSONObject()
    for size in Size.allCases { object[size.rawValue] = sizes[size].map(JSON.integer) }
    object["schedule"] = .array(schedule.map(JSON.integer))
    object["distinctBlocks"] = .integer(runningBlocks.count)
    object["executedBlocks"] = .integer(schedule.count)
    object["activation"] = .string(activation.rawValue)
    object["layerNormEpsilon"] = .number(layerNormEpsilon)
    object["pooler"] = .bool(parts.contains("pooler"))
    if let paddingToken { object["paddingToken"] = .integer(paddingToken) }
    var others = JSONObject()
    for setting in Setting.allCases {
      if let value = settings[setting] { others[setting.rawValue] = value }
    }
    if !others.isEmpty { object["settings"] = .object(others) }
    return object
  }
}
