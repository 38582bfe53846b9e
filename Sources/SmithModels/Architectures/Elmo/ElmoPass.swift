import SmithBytes
import SmithKernels

/// One run of ELMo: the machine, where each word belongs, and the tape of results.
///
/// Within the pass only words and markers are computed, all sentences one after the other [N, width]. On the tape each sentence has the
/// length of the longest, filled up with zeros.
struct ElmoPass<Backend: ComputeBackend> {
  typealias Scalar = Backend.Scalar

  let compute: Compute<Backend>
  let level: Taps
  /// Words and the two markers of each sentence.
  let lengths: [Int]
  /// S + 2
  let longest: Int
  let replacement: ((String) -> [Scalar]?)?
  var tape = Activations<Scalar>()

  /// Keeps [N, width] as [B, S + 2, width] if the tape goes to that level.
  mutating func keep(_ name: @autoclosure () -> String, at level: Taps, _ values: [Scalar]) {
    guard level <= self.level else { return }
    let width = values.count / count
    tape.append(name(), [lengths.count, longest, width], spread(values, width, markers: true))
  }

  /// Keeps the words of [N, width], without the markers, as [B, S, width].
  mutating func keepOutput(_ name: String, _ values: [Scalar]) {
    let width = values.count / count
    tape.append(name, [lengths.count, longest - 2, width], spread(values, width, markers: false))
  }

  /// N
  var count: Int { lengths.reduce(0, +) }

  private func spread(_ values: [Scalar], _ width: Int, markers: Bool) -> [Scalar] {
    let hidden = markers ? 0 : 1  // rows left out at either end of a sentence
    var result: [Scalar] = []
    result.reserveCapacity(lengths.count * longest * width)
    var start = 0
    for length in lengths {
      result += values[((start + hidden) * width)..<((start + length - hidden) * width)]
      result.append(contentsOf: repeatElement(0, count: (longest - length) * width))
      start += length
    }
    return result
  }

  /// What a later layer reads in place of the activation of that name: the values given for it, or its own.
  func replaced(_ name: String, _ values: [Scalar]) throws(SmithError) -> [Scalar] {
    guard let given = replacement?(name) else { return values }
    let width = values.count / count
    guard given.count == lengths.count * longest * width else {
      throw SmithError(
        .usage,
        "\(given.count) values for \(name), expected \(lengths.count * longest * width)")
    }
    var result: [Scalar] = []
    for (index, length) in lengths.enumerated() {
      let start = index * longest * width
      result += given[start..<(start + length * width)]
    }
    return result
  }
}
