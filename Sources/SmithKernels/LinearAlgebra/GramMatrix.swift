import SmithBytes

/// XᵀX of vectors that arrive a batch at a time: all that least squares needs to know of what a linear layer reads.
public struct GramMatrix: Sendable {
  /// The width of the vectors.
  public let size: Int
  /// [size, size], symmetric; f32, the sums of whole batches added in their order.
  public private(set) var values: [Float]

  public init(size: Int) {
    self.size = size
    values = [Float](repeating: 0, count: size * size)
  }

  /// One that was made elsewhere: `values` [size, size] is read as symmetric.
  public init(size: Int, values: [Float]) {
    precondition(values.count == size * size)
    self.size = size
    self.values = values
  }

  /// Adds the vectors x [M, size].
  public mutating func add(_ x: [Float], workers: Workers = .all) {
    let count = x.count / max(1, size)
    precondition(x.count == count * size)
    guard count > 0 else { return }
    add(columns: x.transposed(rows: count, columns: size), Backends.default, workers)
  }

  /// xᵀ [size, M], times its own transpose.
  private mutating func add(
    columns: [Float], _ backend: some ComputeBackend<Float>, _ workers: Workers
  ) {
    let right = Linear(
      columns, bias: nil, inputs: columns.count / size, outputs: size, backend: backend)
    let product = Compute(backend: backend, workers: workers).linear(columns, right)
    let count = values.count
    values.withUnsafeMutableBufferPointer { sum in
      product.withUnsafeBufferPointer {
        Float.kernels.add(sum.baseAddress, $0.baseAddress, count, sum.baseAddress)
      }
    }
  }
}

extension [Float] {
  /// A matrix [rows, columns] with the two exchanged.
  func transposed(rows: Int, columns: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { out, initialized in
      withUnsafeBufferPointer { values in
        for row in 0..<rows {
          for column in 0..<columns { out[column * rows + row] = values[row * columns + column] }
        }
      }
      initialized = count
    }
  }
}
