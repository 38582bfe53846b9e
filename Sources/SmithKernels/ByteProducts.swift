import CKernels

/// A weight matrix of bytes: W = scale · code, one scale for each output.
public struct ByteMatrix: Sendable {
  /// -127 … 127 [outputs, inputs], row-major.
  public let codes: [Int8]
  /// [outputs]
  public let scales: [Float]
  public let inputs: Int

  public init(codes: [Int8], scales: [Float], inputs: Int) {
    precondition(codes.count == scales.count * inputs)
    self.codes = codes
    self.scales = scales
    self.inputs = inputs
  }

  /// The outputs of several matrices of as many inputs, one below the other.
  public init(stacking parts: [ByteMatrix]) {
    let inputs = parts.first?.inputs ?? 0
    precondition(parts.allSatisfy { $0.inputs == inputs })
    self.init(codes: parts.flatMap(\.codes), scales: parts.flatMap(\.scales), inputs: inputs)
  }

  /// The widest row whose products add up within 32 bits, whatever the codes: 127 · 128 · width < 2³¹.
  public static let widest = 132_000
}

/// What `Linear` multiplies with.
enum LinearWeights<Backend: ComputeBackend>: Sendable {
  case plain(Backend.Matrix)
  /// The matrix, and its scales in the precision of the pass.
  case bytes(ByteMatrix, scales: [Backend.Scalar])
}

extension Compute {
  /// C [M, n] = A [M, K] · Wᵀ with some of the outputs, on the calling thread.
  ///
  /// With weights of bytes, the rows of A become bytes too, each under the scale max|a| / 127 (dynamic quantization per token): the sums
  /// are of integers and exact, and are scaled once.
  func multiply(
    _ a: MatrixView<Scalar>, by layer: Linear<Backend>, outputs: Range<Int>,
    into c: MutableMatrixView<Scalar>
  ) {
    switch layer.weights {
    case .plain(let matrix): backend.multiply(a, by: matrix, outputs: outputs, into: c)
    case .bytes(let matrix, let scales):
      scales.withUnsafeBufferPointer { scales in
        multiply(a, by: matrix, scales.baseAddress, outputs: outputs, into: c)
      }
    }
  }

  private func multiply(
    _ a: MatrixView<Scalar>, by matrix: ByteMatrix, _ scales: UnsafePointer<Scalar>?,
    outputs: Range<Int>, into c: MutableMatrixView<Scalar>
  ) {
    let (rows, width) = (a.rows, outputs.count)
    guard rows > 0, width > 0 else { return }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, rows * a.columns)) { codes in
      withUnsafeTemporaryAllocation(of: Scalar.self, capacity: rows) { steps in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: rows * width) { sums in
          guard let code = codes.baseAddress, let sum = sums.baseAddress else { return }
          Scalar.kernels.quantizeRows(
            a.base, a.stride, rows, a.columns, code, steps.baseAddress)
          backend.multiply(
            MatrixView(code, rows: rows, columns: a.columns, stride: a.columns), by: matrix,
            outputs: outputs,
            into: MutableMatrixView(sum, rows: rows, columns: width, stride: width))
          Scalar.kernels.scaleSums(
            sum, width, rows, width, steps.baseAddress, scales.map { $0 + outputs.lowerBound },
            c.base, c.stride)
        }
      }
    }
  }
}

extension ComputeBackend {
  /// Our own product, for backends that have none of their own.
  public func multiply(
    _ a: MatrixView<UInt8>, by b: ByteMatrix, outputs: Range<Int>, into c: MutableMatrixView<Int32>
  ) {
    b.codes.withUnsafeBufferPointer { codes in
      let first = codes.baseAddress.map { $0 + outputs.lowerBound * b.inputs }
      ws_gemm_u8s8(
        a.base, a.stride, a.rows, first, b.inputs, outputs.count, a.columns, c.base, c.stride)
    }
  }
}
