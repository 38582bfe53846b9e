import SmithBytes
import SmithTensors

/// One matrix while its columns are rounded: tiles of rows side by side, since a row never depends on another.
struct RoundingSheet {
  let scheme: AffineScheme
  let columns: Int
  let group: Int
  let step: Int
  let dead: [Bool]
  /// The weights that are left, with the errors of those before them.
  private var weights: [Float]
  private(set) var codes: [Int16]
  private(set) var scales: [Float]
  private(set) var zeros: [Float]

  private static let rowsPerTile = 96

  init(weights: [Float], columns: Int, scheme: AffineScheme, dead: [Bool], step: Int) {
    self.scheme = scheme
    self.columns = columns
    self.step = step
    self.dead = dead
    self.weights = weights
    group = scheme.groupLength(columns: columns)
    codes = [Int16](repeating: 0, count: weights.count)
    if scheme.granularity == .tensor {
      let whole = scheme.parameters(of: weights.span)
      (scales, zeros) = ([whole.scale], [whole.zero])
    } else {
      scales = [Float](repeating: 1, count: weights.count / columns * (columns / group))
      zeros = [Float](repeating: 0, count: scales.count)
    }
  }

  /// `factor` is U [columns, columns].
  mutating func round(_ factor: [Float], _ workers: Workers) {
    let rows = weights.count / columns
    let (scheme, columns, group, step, dead) = (scheme, columns, group, step, dead)
    let isWhole = scheme.granularity == .tensor
    weights.withUnsafeMutableBufferPointer { weights in
      codes.withUnsafeMutableBufferPointer { codes in
        scales.withUnsafeMutableBufferPointer { scales in
          zeros.withUnsafeMutableBufferPointer { zeros in
            factor.withView(columns: columns) { factor in
              guard let weight = weights.baseAddress, let code = codes.baseAddress,
                let scale = scales.baseAddress, let zero = zeros.baseAddress
              else { return }
              let tile = RoundingTile(
                scheme: scheme, columns: columns, group: isWhole ? columns : group, step: step,
                isWhole: isWhole, dead: dead, factor: factor,
                weights: MutableMatrixView(weight, rows: rows, columns: columns, stride: columns),
                codes: code, scales: scale, zeros: zero)
              workers.run(parts(of: rows, size: Self.rowsPerTile)) {
                tile.round(part($0, of: rows, size: Self.rowsPerTile))
              }
            }
          }
        }
      }
    }
  }
}

/// The work on some rows. Tiles write disjoint rows of the sheet.
private struct RoundingTile: @unchecked Sendable {
  let scheme: AffineScheme
  let columns: Int
  let group: Int
  let step: Int
  let isWhole: Bool
  let dead: [Bool]
  let factor: MatrixView<Float>
  let weights: MutableMatrixView<Float>
  let codes: UnsafeMutablePointer<Int16>
  let scales: UnsafeMutablePointer<Float>
  let zeros: UnsafeMutablePointer<Float>

  func round(_ rows: Range<Int>) {
    for start in stride(from: 0, to: columns, by: step) {
      let block = start..<min(columns, start + step)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * block.count) { buffer in
        guard let base = buffer.baseAddress else { return }
        let errors = MutableMatrixView(
          base, rows: rows.count, columns: block.count, stride: block.count)
        for (index, row) in rows.enumerated() {
          round(row, block, errors: errors.base + index * block.count)
        }
        passOn(errors.view, from: block, rows)
      }
    }
  }

  /// One row's weights of a block of columns; `errors` takes what each lost, over its U_jj.
  private func round(_ row: Int, _ block: Range<Int>, errors: UnsafeMutablePointer<Float>) {
    let weight = weights.base + row * columns
    let groups = columns / group
    for j in block {
      let slot = isWhole ? 0 : row * groups + j / group
      if !isWhole, j % group == 0 { takeScale(slot, weight + j) }
      let value = dead[j] ? 0 : weight[j]
      let code = scheme.code(value, scale: scales[slot], zero: zeros[slot])
      codes[row * columns + j] = Int16(code)
      let u = factor.base + j * factor.stride
      let error =
        dead[j] ? 0 : (value - scheme.value(code, scale: scales[slot], zero: zeros[slot])) / u[j]
      errors[j - block.lowerBound] = error
      for k in (j + 1)..<max(j + 1, block.upperBound) { weight[k] -= error * u[k] }
    }
  }

  private func takeScale(_ slot: Int, _ weights: UnsafeMutablePointer<Float>) {
    let found = scheme.parameters(
      of: UnsafeBufferPointer(start: weights, count: group).span)
    (scales[slot], zeros[slot]) = (found.scale, found.zero)
  }

  /// What the block lost, off all columns to its right.
  private func passOn(_ errors: MatrixView<Float>, from block: Range<Int>, _ rows: Range<Int>) {
    let rest = block.upperBound..<columns
    guard !rest.isEmpty else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * rest.count) { buffer in
      guard let base = buffer.baseAddress else { return }
      let product = MutableMatrixView(
        base, rows: rows.count, columns: rest.count, stride: rest.count)
      CKernelsBackend<Float>().multiply(
        errors, by: factor.slice(rows: block, columns: rest), transposed: false, into: product)
      for (index, row) in rows.enumerated() {
        let weight = weights.base + row * columns + rest.lowerBound
        let lost = product.base + index * rest.count
        for k in 0..<rest.count { weight[k] -= lost[k] }
      }
    }
  }
}
