/// Eigenvalues and orthonormal eigenvectors of a real symmetric matrix, in f64 and the same bits on every run.
///
/// Householder's tridiagonal form, then implicit QR steps with Wilkinson's shift (Golub & Van Loan, Matrix Computations, §8.3). Vectors are
/// kept as rows, so that both halves run over contiguous memory.
public struct SymmetricEigen: Sendable {
  public let size: Int
  /// Largest first.
  public private(set) var values: [Double]
  /// [size, size]: row i is the vector of value i, of length 1, its entry of largest magnitude positive.
  public private(set) var vectors: [Double]

  /// `matrix` [size, size] is read as symmetric.
  public init(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size)
    self.size = size
    // Squares of very small or large entries would leave the range of f64.
    let largest = matrix.reduce(0) { max($0, $1.magnitude) }
    let scale = largest > 0 && largest.isFinite ? largest : 1
    var form = TridiagonalForm(matrix.map { $0 / scale }, size: size)
    form.diagonalize()
    let order = form.diagonal.indices.sorted { form.diagonal[$0] > form.diagonal[$1] }
    values = order.map { form.diagonal[$0] * scale }
    vectors = []
    vectors.reserveCapacity(matrix.count)
    for row in order {
      let vector = form.basis[(row * size)..<((row + 1) * size)]
      let largest = vector.max { $0.magnitude < $1.magnitude } ?? 0
      vectors += largest < 0 ? vector.map { -$0 } : Array(vector)
    }
  }
}

/// A = Qᵀ·T·Q with T tridiagonal; `diagonalize` goes on until T is diagonal.
private struct TridiagonalForm {
  let size: Int
  var diagonal: [Double]
  /// Element i is T[i, i+1].
  var beside: [Double]
  /// Q [size, size], row-major.
  var basis: [Double]

  init(_ matrix: [Double], size: Int) {
    self.size = size
    var a = matrix
    diagonal = []
    beside = []
    basis = [Double](repeating: 0, count: size * size)
    for index in 0..<size { basis[index * size + index] = 1 }
    var reflections: [(vector: [Double], factor: Double)] = []
    for k in 0..<max(0, size - 2) {
      let row = Array(a[(k * size + k + 1)..<((k + 1) * size)])
      let (vector, factor, image) = Self.reflection(of: row)
      beside.append(image)
      reflections.append((vector, factor))
      if factor != 0 { Self.reflect(&a, size, from: k + 1, vector, factor) }
    }
    if size > 1 { beside.append(a[(size - 2) * size + size - 1]) }
    diagonal = (0..<size).map { a[$0 * size + $0] }
    for (k, reflection) in reflections.enumerated().reversed() where reflection.factor != 0 {
      accumulate(reflection.vector, reflection.factor, from: k + 1)
    }
  }

  /// v and β so that (I − β·v·vᵀ)·x = (image, 0, 0, …).
  private static func reflection(
    of x: [Double]
  ) -> (vector: [Double], factor: Double, image: Double) {
    let scale = x.reduce(0) { max($0, $1.magnitude) }
    guard scale > 0, let first = x.first else { return (x, 0, 0) }
    let length = scale * x.reduce(0) { $0 + ($1 / scale) * ($1 / scale) }.squareRoot()
    let image = first > 0 ? -length : length
    var vector = x
    vector[0] -= image
    let square = vector.reduce(0) { $0 + $1 * $1 }
    return square > 0 ? (vector, 2 / square, image) : (x, 0, first)
  }

  /// The trailing block becomes H·block·H: block − v·wᵀ − w·vᵀ.
  private static func reflect(
    _ a: inout [Double], _ size: Int, from start: Int, _ v: [Double], _ factor: Double
  ) {
    let count = v.count
    a.withUnsafeMutableBufferPointer { a in
      var w = [Double](repeating: 0, count: count)
      var dot = 0.0
      for row in 0..<count {
        let base = (start + row) * size + start
        var sum = 0.0
        for column in 0..<count { sum += a[base + column] * v[column] }
        w[row] = factor * sum
        dot += w[row] * v[row]
      }
      for row in 0..<count { w[row] -= factor / 2 * dot * v[row] }
      for row in 0..<count {
        let base = (start + row) * size + start
        let (x, y) = (v[row], w[row])
        for column in 0..<count { a[base + column] -= x * w[column] + y * v[column] }
      }
    }
  }

  /// Q = Q·H, whose rows and columns before `start` are still those of the identity.
  private mutating func accumulate(_ v: [Double], _ factor: Double, from start: Int) {
    let size = size
    basis.withUnsafeMutableBufferPointer { basis in
      for row in start..<size {
        let base = row * size + start
        var dot = 0.0
        for column in v.indices { dot += basis[base + column] * v[column] }
        dot *= factor
        for column in v.indices { basis[base + column] -= dot * v[column] }
      }
    }
  }

  mutating func diagonalize() {
    var last = size - 1
    // Two or three steps per value are usual; a matrix with NaN would never end.
    var steps = 60 * size
    while last > 0, steps > 0 {
      var first = last
      while first > 0, !isNegligible(first - 1) { first -= 1 }
      if first == last {
        last -= 1
      } else {
        step(first, last)
        steps -= 1
      }
    }
  }

  private mutating func isNegligible(_ index: Int) -> Bool {
    let limit = Double.ulpOfOne * (diagonal[index].magnitude + diagonal[index + 1].magnitude)
    guard beside[index].magnitude <= limit else { return false }
    beside[index] = 0
    return true
  }

  /// One implicit QR step on rows `first ... last`: a bulge is chased down the diagonal.
  private mutating func step(_ first: Int, _ last: Int) {
    let half = (diagonal[last - 1] - diagonal[last]) / 2
    let corner = beside[last - 1]
    let root = (half * half + corner * corner).squareRoot()
    let shift = diagonal[last] - corner * corner / (half + (half < 0 ? -root : root))
    var (x, z) = (diagonal[first] - shift, beside[first])
    for k in first..<last {
      let r = (x * x + z * z).squareRoot()
      let (c, s) = r > 0 ? (x / r, z / r) : (1, 0)
      if k > first { beside[k - 1] = r }
      let (p, q, e) = (diagonal[k], diagonal[k + 1], beside[k])
      diagonal[k] = c * c * p + 2 * c * s * e + s * s * q
      diagonal[k + 1] = s * s * p - 2 * c * s * e + c * c * q
      beside[k] = c * s * (q - p) + (c * c - s * s) * e
      x = beside[k]
      if k < last - 1 {
        z = s * beside[k + 1]
        beside[k + 1] *= c
      }
      rotate(k, c, s)
    }
  }

  /// Rows k and k + 1 of Q.
  private mutating func rotate(_ k: Int, _ c: Double, _ s: Double) {
    let size = size
    basis.withUnsafeMutableBufferPointer { basis in
      let (upper, lower) = (k * size, (k + 1) * size)
      for column in 0..<size {
        let (x, y) = (basis[upper + column], basis[lower + column])
        basis[upper + column] = c * x + s * y
        basis[lower + column] = c * y - s * x
      }
    }
  }
}
