import Dispatch
import SmithBytes
import SmithKernels
import SmithModels

extension Model {
  /// Runs the model in f32 on the fastest backend of this build.
  ///
  /// - Parameters:
  ///   - input: Ids, mask and token types [B, S].
  ///   - taps: Which intermediate results to keep.
  ///   - products: How weights in fewer bits are multiplied with.
  ///   - workers: How many threads; the result is the same bits for any number.
  /// - Returns: The activations by canonical name, head logits last.
  /// - Throws: What reading the weights throws, and `.usage` for an input the model has no embedding for.
  public func forward(
    _ input: EncoderInput, taps: Taps = .none, products: Products = .asStored,
    workers: Workers = .all
  ) async throws(SmithError) -> Activations<Float> {
    try await forward(.tokens(input), taps: taps, products: products, workers: workers)
  }

  /// The same for a model of any architecture: what it reads is a case of the input.
  public func forward(
    _ input: ModelInput, taps: Taps = .none, products: Products = .asStored,
    workers: Workers = .all
  ) async throws(SmithError) -> Activations<Float> {
    try await offloaded { () throws(SmithError) in
      try run(input, taps: taps, products: products, workers: workers)
    }
  }

  /// The same on the calling thread, on ids, on words, or on the architecture's standard input.
  public func run(
    on input: VerificationInput, taps: Taps = .none, products: Products = .asStored,
    workers: Workers = .all
  ) throws(SmithError) -> Activations<Float> {
    try run(try input.input(for: self), taps: taps, products: products, workers: workers)
  }

  /// The same on the calling thread.
  func run(
    _ input: ModelInput, taps: Taps, products: Products = .asStored, workers: Workers
  ) throws(SmithError) -> Activations<Float> {
    try run(on: Backends.default, input, taps: taps, products: products, workers: workers)
  }

  func run<Backend: ComputeBackend>(
    on backend: Backend, _ input: ModelInput, taps: Taps, products: Products = .decoded,
    replacing replacement: ((String) -> [Backend.Scalar]?)? = nil,
    observer: LinearObserver<Backend.Scalar>? = nil, workers: Workers
  ) throws(SmithError) -> Activations<Backend.Scalar> {
    let pass = try architecture.load(
      configuration, parameters: ModelWeights(self, products), backend: backend)
    return try pass.forward(
      input, taps: taps, replacing: replacement, observer: observer, workers: workers)
  }
}

/// Moves blocking work off the cooperative pool, whose threads must not be held.
func offloaded<Value: Sendable>(
  _ work: @escaping @Sendable () throws(SmithError) -> Value
) async throws(SmithError) -> Value {
  let result: Result<Value, SmithError> = await withCheckedContinuation { continuation in
    DispatchQueue.global().async {
      do throws(SmithError) { continuation.resume(returning: .success(try work())) } catch {
        continuation.resume(returning: .failure(error))
      }
    }
  }
  return try result.get()
}

extension Model {
  /// Writes the model for an ecosystem: a folder with weights, configuration and tokenizer files, read back before it appears.
  public func write(
    to destination: String, as names: Dialect.Name, container: String? = nil,
    overwrite: Bool = false,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(SmithError) {
    let format = try Conversion.Target.format(named: container, for: destination)
    var conversion = Conversion(
      .model(self), to: Conversion.Target(format: format, names: names), at: destination)
    conversion.overwrite = overwrite
    let work = conversion
    _ = try await offloaded { () throws(SmithError) in
      try work.run(work.prepare(), progress: progress)
    }
  }
}

extension Activations<Float> {
  /// Names, shapes and numbers, row-major; JSON has none for what is not finite.
  public var json: JSON {
    .array(
      taps.map { tap in
        [
          "name": .string(tap.name), "shape": .array(tap.shape.map(JSON.integer)),
          "values": .array(tap.values.map { $0.isFinite ? .number(Double($0)) : .null }),
        ]
      })
  }
}
