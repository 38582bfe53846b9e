import SmithBytes

/// Filters that slide along a sequence of vectors, all of one width (Kim et al. 2015, §2).
public struct Convolution<Backend: ComputeBackend>: Sendable {
  /// w, the vectors under a filter at a time.
  public let width: Int
  /// w·c → n: each filter's weights for the first vector, then those for the next.
  let filters: Linear<Backend>

  public init(width: Int, filters: Linear<Backend>) {
    precondition(filters.inputs % width == 0)
    self.width = width
    self.filters = filters
  }

  /// c, the width of a vector.
  var columns: Int { filters.inputs / width }
  /// n
  public var outputs: Int { filters.outputs }
}

extension Compute {
  /// activation(max over all places of a filter + bias): x [N, length, c] to [N, n]. Places that reach beyond the sequence are none.
  public func maxOverPlaces(
    _ x: [Scalar], length: Int, _ convolution: Convolution<Backend>, _ activation: Activation
  ) -> [Scalar] {
    let (filters, columns) = (convolution.filters, convolution.columns)
    let places = length - convolution.width + 1
    precondition(places > 0 && x.count % (length * columns) == 0)
    return filled(rows: x.count / (length * columns), columns: filters.outputs) { out in
      x.withView(columns: length * columns) { x in
        filters.bias.withView { bias in
          workers.run(x.rows) { row in
            let out = out.row(row)
            largest(x.base + row * x.stride, places, convolution, into: out)
            Scalar.kernels.biasActivate(
              out, filters.outputs, 1, filters.outputs, bias?.base, activation.code, out,
              filters.outputs)
          }
        }
      }
    }
  }

  /// The largest value of each filter over the places of one sequence. Adding the bias later gives the same bits: rounding keeps order.
  private func largest(
    _ x: UnsafePointer<Scalar>, _ places: Int, _ convolution: Convolution<Backend>,
    into out: UnsafeMutablePointer<Scalar>
  ) {
    let (inputs, outputs) = (convolution.filters.inputs, convolution.outputs)
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: places * (inputs + outputs)) {
      buffer in
      guard let base = buffer.baseAddress else { return }
      for place in 0..<places {  // what a filter sees at a place lies together in x
        (base + place * inputs).update(from: x + place * convolution.columns, count: inputs)
      }
      let seen = MatrixView(base, rows: places, columns: inputs, stride: inputs)
      let values = MutableMatrixView(
        base + places * inputs, rows: places, columns: outputs, stride: outputs)
      multiply(seen, by: convolution.filters, outputs: 0..<outputs, into: values)
      Scalar.kernels.maxRows(values.base, outputs, places, outputs, out)
    }
  }
}

extension Compute {
  /// σ(c)·relu(t) + (1 - σ(c))·x, where c and t are linear in x [M, width] (Srivastava et al. 2015, §2).
  public func highway(
    _ x: [Scalar], carry: Linear<Backend>, transform: Linear<Backend>
  ) -> [Scalar] {
    let (gate, made) = (linear(x, carry), linear(x, transform))
    let width = carry.outputs
    return filled(rows: x.count / width, columns: width) { out in
      x.withView(columns: width) { x in
        gate.withView(columns: width) { gate in
          made.withView(columns: width) { made in
            forEachChunk(of: x.rows) { rows in
              let offset = rows.lowerBound * width
              Scalar.kernels.highway(
                gate.base + offset, made.base + offset, x.base + offset, rows.count * width,
                out.base + offset)
            }
          }
        }
      }
    }
  }
}
