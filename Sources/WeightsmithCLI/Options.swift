import ArgumentParser
import Weightsmith

/// How a source's configuration is found, for every command that needs a model.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Use this configuration file instead of the one beside SRC.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "A setting in the configuration's own key names, stronger than the file.",
      valueName: "key=value"))
  var set: [String] = []

  @Option(
    help: ArgumentHelp(
      "Which model of a checkpoint that holds several: \(parts.joined(separator: ", ")).",
      valueName: "name"))
  var part: String?

  private static let parts = Families.all.flatMap(\.dialects).compactMap(\.part)

  func modelOptions() throws(SmithError) -> Model.Options {
    var settings = JSONObject()
    for pair in set {
      guard let equals = pair.firstIndex(of: "=") else {
        throw SmithError(
          .usage, "--set \(pair): expected key=value", remedy: "--set num_attention_heads=12")
      }
      let text = String(pair[pair.index(after: equals)...])
      settings[String(pair[..<equals])] = (try? JSON.parse(Array(text.utf8))) ?? .string(text)
    }
    return Model.Options(configuration: config, settings: settings, part: part)
  }

  func model(_ path: String) throws(SmithError) -> Model {
    try Model(Checkpoint.open(path, options: .strangers), options: modelOptions())
  }
}

/// Where an output goes and how it is made, for every command that writes.
struct OutputOptions: ParsableArguments {
  private static let dialects = Dialect.Name.writable.map(\.rawValue).joined(separator: ", ")
  private static let containers = Formats.all.filter { $0.writer != nil }.map { $0.name }

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The container to write: \(containers.joined(separator: ", ")).", valueName: "container"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      "Whose tensor names: \(dialects), or keep for any model. By default the container's own ecosystem.",
      valueName: "dialect"))
  var names: String?

  @Option(
    help: ArgumentHelp(
      "The element type of floating-point tensors: f32, f16 or bf16.", valueName: "type"))
  var dtype: String?

  @Flag(
    help:
      "Numbers too large for --dtype become the largest it has (f16: 65504), instead of an error.")
  var allowOverflow = false

  @Option(help: ArgumentHelp("Tensor bytes per file at most (500MB, 5GB).", valueName: "size"))
  var maxShardSize: String?

  @Flag(help: "Replace what stands at DST.")
  var overwrite = false

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  @Flag(help: "Do not read the output back.")
  var noVerify = false

  @Flag(help: "Wait until a new output is on the disk; one that replaces another always is.")
  var sync = false

  @Option(help: ArgumentHelp("Threads; all cores by default.", valueName: "n"))
  var jobs: Int?

  @Flag(help: "Print JSON.")
  var json = false

  func workers() throws(SmithError) -> Workers { try Self.workers(jobs) }

  /// Runs a conversion of a model, or of its checkpoint when the names are kept.
  /// `adding` gives what stands beside the conversion's own keys in JSON, once it is done.
  func write(
    _ input: Conversion.Input, to destination: String,
    adding: () throws(SmithError) -> JSONObject = { () throws(SmithError) in JSONObject() }
  ) throws(SmithError) -> Outcome {
    var conversion = Conversion(input, to: try target(for: destination, input), at: destination)
    conversion.overwrite = overwrite
    conversion.verifies = !noVerify
    conversion.synchronizes = sync
    conversion.workers = try Self.workers(jobs)
    let prepared = try conversion.prepare()
    if dryRun {
      Reports.show(prepared, json: json)
      return .fine
    }
    try conversion.checkDestination()
    let bar = ProgressBar()
    defer { bar.finish() }
    let report = try conversion.run(prepared) { bar.update($0) }
    bar.finish()
    let more = json ? try adding() : JSONObject()
    Reports.show(report, destination: destination, json: json, adding: more)
    return .fine
  }

  var keepsNames: Bool { names == "keep" }

  /// The same for a checkpoint tensor by tensor, where no names are asked for.
  func writeKeepingNames(
    _ checkpoint: Checkpoint, to destination: String,
    adding: () throws(SmithError) -> JSONObject
  ) throws(SmithError) -> Outcome {
    var copy = self
    copy.names = "keep"
    return try copy.write(.checkpoint(checkpoint), to: destination, adding: adding)
  }

  private func target(
    for destination: String, _ input: Conversion.Input
  ) throws(SmithError) -> Conversion.Target {
    let format = try Conversion.Target.format(named: to, for: destination)
    var target = Conversion.Target(
      format: format, names: try dialect(for: format, input), dtype: try element(),
      maxShardBytes: try maxShardSize.map(Self.bytes))
    target.saturates = allowOverflow
    return target
  }

  /// `--dtype`, nil where it is not given.
  func element() throws(SmithError) -> DType? {
    try dtype.map { text throws(SmithError) in
      guard let type = DType(rawValue: text), [.f32, .f16, .bf16].contains(type) else {
        throw SmithError(.usage, "--dtype \(text): expected f32, f16 or bf16")
      }
      return type
    }
  }

  private func dialect(
    for format: any ContainerFormat.Type, _ input: Conversion.Input
  ) throws(SmithError) -> Dialect.Name? {
    guard let names else { return Conversion.Target.defaultNames(of: format, for: input) }
    if names == "keep" { return nil }
    guard let name = Dialect.Name(rawValue: names) else {
      let known = Dialect.Name.writable.map(\.rawValue) + ["keep"]
      throw SmithError(.usage, "--names \(names): expected \(known.joined(separator: ", "))")
    }
    return name
  }

  /// `--jobs`: all cores where it is not given.
  static func workers(_ jobs: Int?) throws(SmithError) -> Workers {
    guard let jobs else { return .all }
    guard (1...1024).contains(jobs) else {
      throw SmithError(.usage, "--jobs \(jobs): expected 1 to 1024")
    }
    return Workers(jobs)
  }

  static func bytes(_ text: String) throws(SmithError) -> Int {
    if let bytes = ByteSize.parse(text) { return bytes }
    throw SmithError(.usage, "--max-shard-size \(text): expected a size such as 500MB")
  }
}
