import SmithBytes

/// The recipes that compute: a slab of rows at a time, like the others.
extension RecipeEvaluator {
  /// Rows of a product [m, k] · [k, n], summed in f64 in the order of k, so that the one rounding is that of the result.
  mutating func product(
    _ left: Recipe, _ right: Recipe, rows: Range<Int>
  ) throws(SmithError) -> [Float] {
    try productSums(left, right, rows: rows).map { Float($0) }
  }

  /// The same before it is rounded.
  mutating func productSums(
    _ left: Recipe, _ right: Recipe, rows: Range<Int>
  ) throws(SmithError) -> [Double] {
    if factor?.recipe != right { factor = (right, try floats(right)) }
    let b = factor?.values ?? []
    let a = try floats(left, rows: rows)
    let (k, n) = (left.shape.last ?? 0, right.shape.last ?? 0)
    guard right.shape.first == k, b.count == k * n, a.count == rows.count * k else {
      throw SmithError(
        .mismatch, "the product of \(left.shape) and \(right.shape) is not defined",
        at: Place(item: left.sources.first))
    }
    var result: [Double] = []
    result.reserveCapacity(rows.count * n)
    var sum = [Double](repeating: 0, count: n)
    for row in 0..<rows.count {
      for column in sum.indices { sum[column] = 0 }
      for index in 0..<k {
        let weight = Double(a[row * k + index])
        for column in 0..<n { sum[column] += weight * Double(b[index * n + column]) }
      }
      result += sum
    }
    return result
  }

  /// Rows of a matrix [m, n], each with the one row [1, n] added.
  mutating func adding(
    _ row: Recipe, to matrix: Recipe, rows: Range<Int>
  ) throws(SmithError) -> [Float] {
    let added = try floats(row)
    var values = try floats(matrix, rows: rows)
    guard added.count * rows.count == values.count else {
      throw SmithError(
        .mismatch, "a row of \(added.count) for a matrix \(matrix.shape)",
        at: Place(item: row.sources.first))
    }
    for index in values.indices { values[index] += added[index % added.count] }
    return values
  }

  /// Rows of the mean, summed in f64: n equal values give that value, whatever n. Computed whole and kept, since parts may have to be.
  mutating func mean(_ parts: [Recipe], rows: Range<Int>) throws(SmithError) -> [Float] {
    let recipe = Recipe.mean(parts)
    if factor?.recipe != recipe {
      var sums: [Double] = []
      for part in parts {
        let values = try floats(part)
        if sums.isEmpty { sums = [Double](repeating: 0, count: values.count) }
        guard values.count == sums.count else {
          throw SmithError(
            .mismatch, "shape \(part.shape), \(parts[0].shape) expected",
            at: Place(item: part.sources.first))
        }
        for index in values.indices { sums[index] += Double(values[index]) }
      }
      let count = Double(parts.count)
      factor = (recipe, sums.map { Float($0 / count) })
    }
    let width = recipe.rowCount == 0 ? 0 : (factor?.values.count ?? 0) / recipe.rowCount
    return Array(
      factor?.values[(rows.lowerBound * width)..<(rows.upperBound * width)] ?? [])
  }

  /// Rows of a matrix in another order. The matrix is kept until its last slab is taken.
  mutating func picked(_ order: ArraySlice<Int>, of matrix: Recipe) throws(SmithError) -> [UInt8] {
    let (count, width) = (matrix.rowCount, matrix.rowBytes)
    let data = try whole(matrix)
    var result: [UInt8] = []
    result.reserveCapacity(order.count * width)
    for row in order {
      guard (0..<count).contains(row) else {
        throw SmithError(.mismatch, "row \(row) of \(count)", at: Place(item: matrix.sources.first))
      }
      result += data[(row * width)..<((row + 1) * width)]
    }
    return result
  }

  /// Rows of the dense matrix of a grouped kernel.
  mutating func ungrouped(_ kernel: Recipe, rows: Range<Int>) throws(SmithError) -> [Float] {
    let shape = kernel.shape
    guard shape.count == 3, !shape.contains(0) else {
      throw SmithError(
        .mismatch, "shape \(shape) is no grouped kernel", at: Place(item: kernel.sources.first))
    }
    let (inputs, outputs, groups) = (shape[0], shape[1], shape[2])
    if factor?.recipe != kernel { factor = (kernel, try floats(kernel)) }
    let values = factor?.values ?? []
    var result = [Float](repeating: 0, count: rows.count * inputs * groups)
    for (slot, row) in rows.enumerated() {
      let (group, output) = (row / outputs, row % outputs)
      for input in 0..<inputs {
        result[(slot * inputs + input) * groups + group] =
          values[(input * outputs + output) * groups + group]
      }
    }
    return result
  }
}
