/// Our own matrix product (CKernels): weights are packed once into panels that the vector units read in order.
///
/// In `Double` it is the reference that a forward pass in `Float` is measured against.
public struct CKernelsBackend<Scalar: KernelScalar>: ComputeBackend {
  /// Panels of `panelWidth` rows of the weights, side by side.
  public struct Matrix: Sendable {
    let panels: [Scalar]
    let inputs: Int
  }

  public init() {}

  public var name: String { "ckernels" }

  /// Many rows come in blocks that are copied, which wider tiles pay for; few are spread over all workers. Both widths are
  /// multiples of every panel's.
  public func tile(rows: Int) -> TileSize {
    rows > 192 ? TileSize(rows: 96, columns: 384) : TileSize(rows: 192, columns: 96)
  }

  public func prepare(_ weights: [Scalar], rows: Int, columns: Int) -> Matrix {
    Matrix(
      panels: weights.withUnsafeBufferPointer {
        Self.pack($0.baseAddress, rows, columns, columns, 1)
      },
      inputs: columns)
  }

  public func multiply(
    _ a: MatrixView<Scalar>, by b: Matrix, outputs: Range<Int>, into c: MutableMatrixView<Scalar>
  ) {
    b.panels.withUnsafeBufferPointer { panels in
      let first = panels.baseAddress.map { $0 + outputs.lowerBound * b.inputs }
      Scalar.kernels.gemm(
        a.base, a.stride, a.rows, first, outputs.count, b.inputs, c.base, c.stride)
    }
  }

  public func multiply(
    _ a: MatrixView<Scalar>, by b: MatrixView<Scalar>, transposed: Bool,
    into c: MutableMatrixView<Scalar>
  ) {
    let panels =
      transposed
      ? Self.pack(b.base, b.rows, b.columns, b.stride, 1)
      : Self.pack(b.base, b.columns, b.rows, 1, b.stride)
    panels.withUnsafeBufferPointer {
      Scalar.kernels.gemm(
        a.base, a.stride, a.rows, $0.baseAddress, c.columns, a.columns, c.base, c.stride)
    }
  }

  /// B [n, k], element (i, p) at `i * rowStride + p * columnStride`, as panels.
  private static func pack(
    _ b: UnsafePointer<Scalar>?, _ n: Int, _ k: Int, _ rowStride: Int, _ columnStride: Int
  ) -> [Scalar] {
    let width = Scalar.kernels.panelWidth
    let count = parts(of: n, size: width) * width * k
    return [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
      Scalar.kernels.pack(b, n, k, rowStride, columnStride, buffer.baseAddress)
      initialized = count
    }
  }
}
