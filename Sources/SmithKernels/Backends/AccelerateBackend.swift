#if canImport(Accelerate)
  import Accelerate

  /// Apple's Accelerate, which multiplies on the matrix units of Apple silicon.
  public struct AccelerateBackend: ComputeBackend {
    /// The weights as given: [rows, columns].
    public struct Matrix: Sendable {
      let weights: [Float]
      let inputs: Int
    }

    public init() {}

    public var name: String { "accelerate" }

    /// Large tiles: every call lays its operands out anew.
    public func tile(rows: Int) -> TileSize {
      TileSize(rows: 256, columns: rows > 256 ? 384 : 192)
    }

    public func prepare(_ weights: [Float], rows: Int, columns: Int) -> Matrix {
      Matrix(weights: weights, inputs: columns)
    }

    public func multiply(
      _ a: MatrixView<Float>, by b: Matrix, outputs: Range<Int>, into c: MutableMatrixView<Float>
    ) {
      b.weights.withUnsafeBufferPointer { weights in
        guard let base = weights.baseAddress else { return }
        let rows = MatrixView(
          base + outputs.lowerBound * b.inputs, rows: outputs.count, columns: b.inputs,
          stride: b.inputs)
        multiply(a, by: rows, transposed: true, into: c)
      }
    }

    public func multiply(
      _ a: MatrixView<Float>, by b: MatrixView<Float>, transposed: Bool,
      into c: MutableMatrixView<Float>
    ) {
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, Int32(a.rows),
        Int32(c.columns), Int32(a.columns), 1, a.base, Int32(a.stride), b.base, Int32(b.stride), 0,
        c.base, Int32(c.stride))
    }
  }
#endif
