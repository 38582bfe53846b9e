import SmithBytes
import SmithKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A weighted mean of all layers, learned by a task: γ·Σ softmax(w)ₖ·layerₖ (Peters et al. 2018, eq. 1).
struct ElmoMix<Scalar: KernelScalar>: Sendable {
  /// γ·softmax(w), one for each layer.
  let factors: [Scalar]
  let norm: ElmoConfiguration.MixNorm

  init<Backend: ComputeBackend>(
    _ scope: String, _ configuration: ElmoConfiguration, _ weights: ElmoWeights<Backend>
  ) throws(SmithError) where Backend.Scalar == Scalar {
    var powers: [Double] = []
    for layer in 0...configuration.layerCount {
      let weight = try weights.source.values("\(scope).weights.\(layer)", shape: [1])
      powers.append(Double(weight[0]))
    }
    let largest = powers.max() ?? 0
    powers = powers.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    let gamma = Double(try weights.source.values("\(scope).gamma", shape: [1])[0])
    factors = powers.map { Scalar(gamma * $0 / sum) }
    norm = configuration.mixNorm
  }

  /// Layers [N, width] to their mix; `words` says which rows are no markers.
  func forward(_ layers: [[Scalar]], words: [Bool]) -> [Scalar] {
    var sum = [Scalar](repeating: 0, count: layers.first?.count ?? 0)
    for (factor, layer) in zip(factors, layers) {
      let (mean, scale) = moments(layer, words)
      for index in sum.indices { sum[index] += factor * ((layer[index] - mean) * scale) }
    }
    return sum
  }

  /// The mean and one over the deviation of all numbers that count, over the whole batch.
  private func moments(_ layer: [Scalar], _ words: [Bool]) -> (mean: Scalar, scale: Scalar) {
    if norm == .none { return (0, 1) }
    let width = layer.count / words.count
    let rows = words.indices.filter { norm == .wordsAndMarkers || words[$0] }
    let count = Double(rows.count * width)
    var (sum, squares) = (0.0, 0.0)
    for row in rows {
      for value in layer[(row * width)..<((row + 1) * width)] { sum += Double(value) }
    }
    let mean = sum / count
    for row in rows {
      for value in layer[(row * width)..<((row + 1) * width)] {
        squares += (Double(value) - mean) * (Double(value) - mean)
      }
    }
    return (Scalar(mean), Scalar(1 / (squares / count + norm.epsilon).squareRoot()))
  }
}
