import SmithBytes

/// The sizes of one multi-head attention.
public struct AttentionShape: Hashable, Sendable {
  /// B, sequences.
  public var batch: Int
  /// S, tokens of each.
  public var length: Int
  /// A, heads.
  public var heads: Int
  /// d, the width of one head.
  public var headWidth: Int

  public init(batch: Int, length: Int, heads: Int, headWidth: Int) {
    self.batch = batch
    self.length = length
    self.heads = heads
    self.headWidth = headWidth
  }

  /// A·d
  public var width: Int { heads * headWidth }
}

extension Compute {
  /// softmax(q·kᵀ / √d + mask)·v for every head (Vaswani et al. 2017, §3.2.1).
  ///
  /// - Parameters:
  ///   - queryKeyValue: q, k and v side by side, [B·S, 3·A·d]; head h is columns h·d ..< (h + 1)·d of each.
  ///   - mask: What is added to the scores of each key, [B, S].
  ///   - shape: B, S, A and d.
  /// - Returns: The context [B·S, A·d], heads side by side.
  public func attention(
    _ queryKeyValue: [Scalar], mask: [Scalar], _ shape: AttentionShape
  ) -> [Scalar] {
    let (length, width) = (shape.length, shape.width)
    precondition(queryKeyValue.count == shape.batch * length * 3 * width)
    precondition(mask.count == shape.batch * length)
    return filled(rows: shape.batch * length, columns: width) { context in
      queryKeyValue.withView(columns: 3 * width) { fused in
        mask.withView(columns: length) { mask in
          workers.run(shape.batch * shape.heads) { index in
            let (sequence, head) = index.quotientAndRemainder(dividingBy: shape.heads)
            let rows = sequence * length..<(sequence + 1) * length
            let first = head * shape.headWidth
            let columns = { (part: Int) in
              part * width + first..<part * width + first + shape.headWidth
            }
            attend(
              query: fused.slice(rows: rows, columns: columns(0)),
              key: fused.slice(rows: rows, columns: columns(1)),
              value: fused.slice(rows: rows, columns: columns(2)),
              mask: mask.base + sequence * length,
              into: context.slice(rows: rows, columns: columns(0)))
          }
        }
      }
    }
  }

  /// Query rows whose scores are held at a time.
  private var queryRows: Int { 128 }

  /// One head of one sequence: q, k, v and context [S, d].
  private func attend(
    query: MatrixView<Scalar>, key: MatrixView<Scalar>, value: MatrixView<Scalar>,
    mask: UnsafePointer<Scalar>, into context: MutableMatrixView<Scalar>
  ) {
    let scale = 1 / Scalar(query.columns).squareRoot()
    let size = min(queryRows, query.rows)
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: size * key.rows) { buffer in
      guard let base = buffer.baseAddress else { return }
      for index in 0..<parts(of: query.rows, size: size) {
        let rows = part(index, of: query.rows, size: size)
        let all = 0..<query.columns
        let scores = MutableMatrixView(
          base, rows: rows.count, columns: key.rows, stride: key.rows)  // [rows, S]
        backend.multiply(
          query.slice(rows: rows, columns: all), by: key, transposed: true, into: scores)
        Scalar.kernels.softmax(base, key.rows, rows.count, key.rows, scale, mask)
        backend.multiply(
          scores.view, by: value, transposed: false, into: context.slice(rows: rows, columns: all))
      }
    }
  }
}
