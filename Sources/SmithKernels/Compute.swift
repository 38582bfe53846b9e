import SmithBytes

/// Called by a forward pass, on its own thread and in the order of the computation, with what a linear layer reads: the names of the
/// parameters its weights are made of, and x [M, width].
public typealias LinearObserver<Scalar> =
  @Sendable (_ parameters: [String], _ x: [Scalar], _ width: Int) -> Void

/// A backend and the workers it runs on: the operations of a forward pass, from arrays to arrays.
///
/// Work is cut into tiles whose size depends on the shapes alone, so the result is the same bits for any number of workers.
public struct Compute<Backend: ComputeBackend>: Sendable {
  public typealias Scalar = Backend.Scalar

  public let backend: Backend
  public let workers: Workers
  /// Sees what each linear layer with named weights reads.
  public let observer: LinearObserver<Scalar>?

  public init(
    backend: Backend, workers: Workers, observer: LinearObserver<Scalar>? = nil
  ) {
    self.backend = backend
    self.workers = workers
    self.observer = observer
  }

  /// activation(x·Wᵀ + b): x [M, inputs] to [M, outputs].
  public func linear(
    _ x: [Scalar], _ layer: Linear<Backend>, _ activation: Activation = .linear
  ) -> [Scalar] {
    if let observer, !layer.parameters.isEmpty { observer(layer.parameters, x, layer.inputs) }
    let count = x.count / layer.inputs
    return filled(rows: count, columns: layer.outputs) { out in
      x.withView(columns: layer.inputs) { x in
        layer.bias.withView { bias in
          forEachTile(rows: count, columns: layer.outputs) { rows, outputs in
            let tile = out.slice(rows: rows, columns: outputs)
            multiply(
              x.slice(rows: rows, columns: 0..<layer.inputs), by: layer, outputs: outputs,
              into: tile)
            Scalar.kernels.biasActivate(
              tile.base, tile.stride, tile.rows, tile.columns,
              bias.map { $0.base + outputs.lowerBound }, activation.code, tile.base, tile.stride)
          }
        }
      }
    }
  }

  /// activation(x), element by element; x [M, columns].
  public func activate(_ x: [Scalar], columns: Int, _ activation: Activation) -> [Scalar] {
    filled(rows: x.count / columns, columns: columns) { out in
      x.withView(columns: columns) { x in
        forEachChunk(of: x.rows) { rows in
          let part = x.slice(rows: rows, columns: 0..<columns)
          Scalar.kernels.biasActivate(
            part.base, columns, part.rows, columns, nil, activation.code,
            out.slice(rows: rows, columns: 0..<columns).base, columns)
        }
      }
    }
  }

  /// The layer norm of x + residual, row by row; both [M, width].
  public func layerNorm(
    _ x: [Scalar], plus residual: [Scalar]? = nil, _ norm: LayerNorm<Scalar>
  ) -> [Scalar] {
    let width = norm.weight.count
    precondition(residual?.count ?? x.count == x.count)
    return filled(rows: x.count / width, columns: width) { out in
      x.withView(columns: width) { x in
        residual.withView { residual in
          forEachChunk(of: x.rows) { rows in
            let offset = rows.lowerBound * width
            norm.apply(
              to: x.base + offset, plus: residual.map { $0.base + offset }, rows: rows.count,
              into: out.base + offset)
          }
        }
      }
    }
  }

  /// x + y, both [M, columns].
  public func add(_ x: [Scalar], _ y: [Scalar], columns: Int) -> [Scalar] {
    precondition(x.count == y.count)
    return filled(rows: x.count / columns, columns: columns) { out in
      x.withView(columns: columns) { x in
        y.withView(columns: columns) { y in
          forEachChunk(of: x.rows) { rows in
            let offset = rows.lowerBound * columns
            Scalar.kernels.add(
              x.base + offset, y.base + offset, rows.count * columns, out.base + offset)
          }
        }
      }
    }
  }

  /// Row r of the result is row `indices[r]` of the table [*, width].
  public func rows(_ indices: [Int], of table: [Scalar], width: Int) -> [Scalar] {
    filled(rows: indices.count, columns: width) { out in
      table.withView(columns: width) { table in
        for (row, index) in indices.enumerated() {
          precondition((0..<table.rows).contains(index))
          (out.base + row * width).update(from: table.base + index * width, count: width)
        }
      }
    }
  }

  /// Some columns of x [M, width], as a matrix of their own.
  public func columns(_ range: Range<Int>, of x: [Scalar], width: Int) -> [Scalar] {
    filled(rows: x.count / width, columns: range.count) { out in
      x.withView(columns: width) { x in
        for row in 0..<x.rows {
          let from = x.slice(rows: row..<row + 1, columns: range).base
          (out.base + row * range.count).update(from: from, count: range.count)
        }
      }
    }
  }
}

extension Compute {
  /// Matrices of equally many rows beside each other: [M, a], [M, b], … to [M, a + b + …].
  public func sideBySide(_ parts: [(values: [Scalar], width: Int)]) -> [Scalar] {
    let width = parts.reduce(0) { $0 + $1.width }
    guard let first = parts.first, width > 0 else { return [] }
    return filled(rows: first.values.count / first.width, columns: width) { out in
      var column = 0
      for part in parts {
        precondition(part.values.count == out.rows * part.width)
        part.values.withView(columns: part.width) { x in
          for row in 0..<x.rows {
            (out.base + row * width + column).update(
              from: x.base + row * part.width, count: part.width)
          }
        }
        column += part.width
      }
    }
  }
}
