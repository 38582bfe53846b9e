import SmithBytes
import SmithKernels

/// The mathematics that a family runs on (DESIGN §3): what it reads, and how parameters become a forward pass. A family is names and
/// configuration for one of these.
public protocol Architecture: Sendable {
  /// What messages call it.
  var name: String { get }

  /// Takes in the weights once, for one backend; the source is not kept.
  ///
  /// - Throws: `.mismatch` for a configuration that contradicts itself, and whatever the source throws for a parameter.
  func load<Backend: ComputeBackend>(
    _ configuration: ModelConfiguration, parameters: some ParameterSource, backend: Backend
  ) throws(SmithError) -> any ForwardPass<Backend.Scalar>

  /// A small input with a padded sequence, the same for everybody, so that a report can be repeated anywhere.
  func standardInput(for configuration: ModelConfiguration) -> ModelInput

  /// Rows of token ids as its input. `.usage` where it reads something else.
  func input(
    ids rows: [[Int]], for configuration: ModelConfiguration
  )
    throws(SmithError) -> ModelInput

  /// Sentences of words as its input. `.usage` where words must be cut into pieces first.
  func input(
    words sentences: [[String]], for configuration: ModelConfiguration
  )
    throws(SmithError) -> ModelInput

  /// Whether words are what it reads: its text needs no tokenizer.
  var readsWords: Bool { get }

  /// How many tokens a sequence may have; nil where nothing limits it.
  func longestSequence(for configuration: ModelConfiguration) -> Int?

  /// Fills in what the shapes decide and the source's file did not say, and holds the file against the shapes where both speak.
  ///
  /// - Parameters:
  ///   - configuration: As read so far: sizes, activation, settings of the dialect's rows.
  ///   - shapes: The dimensions that are solved.
  ///   - problem: Makes the error for a setting of the source's file or of `--set`.
  /// - Throws: `.missing` or `.mismatch` for such a setting.
  func complete(
    _ configuration: inout ModelConfiguration, shapes: [Dimension: Int], problem: SettingProblem
  ) throws(SmithError)

  /// What a person wants to know of a model besides its names.
  func summary(of configuration: ModelConfiguration) -> [(label: String, text: Summary)]
}

/// One line of a summary.
public enum Summary: Hashable, Sendable {
  case text(String)
  /// Numbers under the symbols of the papers: `V 30000`, `H 768`.
  case sizes([Symbol])
}

/// A size and the letter it goes by.
public struct Symbol: Hashable, Sendable {
  public var letter: String
  public var value: Int

  public init(_ letter: String, _ value: Int) {
    self.letter = letter
    self.value = value
  }
}

/// How a reader of configurations makes an error about one setting, under the key it has in the file: kind, what is wrong, and the value
/// that would be right.
public typealias SettingProblem = (
  _ kind: SmithError.Kind, _ setting: Setting, _ detail: String, _ right: String?
) -> SmithError

extension Architecture {
  public var readsWords: Bool { false }

  public func longestSequence(for configuration: ModelConfiguration) -> Int? { nil }

  public func input(
    words sentences: [[String]], for configuration: ModelConfiguration
  ) throws(SmithError) -> ModelInput {
    throw SmithError(
      .usage, "the \(name) reads token ids, and text must be cut into tokens first",
      remedy: "--ids 2,31,51,99,3")
  }

  public func complete(
    _ configuration: inout ModelConfiguration, shapes: [Dimension: Int], problem: SettingProblem
  ) throws(SmithError) {}
}

/// A model with its weights in memory, ready to run in one precision.
public protocol ForwardPass<Scalar>: Sendable {
  associatedtype Scalar: KernelScalar

  /// Runs the model.
  ///
  /// - Parameters:
  ///   - input: What the architecture reads.
  ///   - taps: Which intermediate results to keep.
  ///   - replacement: What to compute with instead of the activation of that name, nil for the pass's own; asked for every result that a
  ///     later layer reads. Feeding a reference's values (teacher forcing) shows each layer's own error, without what it inherits.
  ///   - observer: Sees what each linear layer with named weights reads, padding included.
  ///   - workers: How many threads; the result is the same bits for any number.
  /// - Returns: The taps in the order they were computed.
  /// - Throws: `.usage` for an input of another kind, or one that the model has no place for.
  func forward(
    _ input: ModelInput, taps: Taps, replacing replacement: ((_ tap: String) -> [Scalar]?)?,
    observer: LinearObserver<Scalar>?, workers: Workers
  ) throws(SmithError) -> Activations<Scalar>
}
