import SmithKernels

/// One run of an encoder: the sizes, the mask, the machine, and the tape of results.
struct EncoderPass<Backend: ComputeBackend> {
  typealias Scalar = Backend.Scalar

  let compute: Compute<Backend>
  let input: EncoderInput
  /// What is added to the attention scores of each key [B, S].
  let mask: [Scalar]
  let level: Taps
  var tape = Activations<Scalar>()

  init(
    _ input: EncoderInput, maskValue: EncoderConfiguration.MaskValue, level: Taps,
    compute: Compute<Backend>
  ) {
    self.input = input
    self.level = level
    self.compute = compute
    let hidden: Scalar =
      switch maskValue {
      case .additive(let value): Scalar(value)
      case .lowestFinite: -Scalar.greatestFiniteMagnitude
      }
    mask = input.attentionMask.joined().map { $0 == 0 ? hidden : 0 }
  }

  /// Keeps a sequence of vectors [B, S, width] if the tape goes to that level.
  mutating func keep(_ name: @autoclosure () -> String, at level: Taps, _ values: [Scalar]) {
    guard level <= self.level else { return }
    let width = values.count / (input.batch * input.length)
    tape.append(name(), [input.batch, input.length, width], values)
  }

  /// Keeps one vector per sequence [B, width] if the tape goes to that level.
  mutating func keepPooled(_ name: String, at level: Taps, _ values: [Scalar]) {
    guard level <= self.level else { return }
    tape.append(name, [input.batch, values.count / input.batch], values)
  }
}
