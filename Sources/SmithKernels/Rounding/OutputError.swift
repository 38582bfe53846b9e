import SmithBytes

extension GramMatrix {
  /// ‖X(W − Ŵ)ᵀ‖² / ‖XWᵀ‖²: what a layer's output loses when `weights` [rows, size] become `rounded`, over all inputs that were added.
  public func outputError(
    of weights: [Float], rounded: [Float], workers: Workers = .all
  ) -> Double {
    precondition(weights.count == rounded.count && weights.count % max(1, size) == 0)
    let lost = energy(zip(weights, rounded).map { $0 - $1 }, Backends.default, workers)
    let all = energy(weights, Backends.default, workers)
    return lost == 0 ? 0 : lost / all
  }

  /// tr(W·G·Wᵀ)
  private func energy(
    _ weights: [Float], _ backend: some ComputeBackend<Float>, _ workers: Workers
  ) -> Double {
    // G is symmetric: its rows are its columns.
    let layer = Linear(values, bias: nil, inputs: size, outputs: size, backend: backend)
    let product = Compute(backend: backend, workers: workers).linear(weights, layer)
    return zip(weights, product).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
