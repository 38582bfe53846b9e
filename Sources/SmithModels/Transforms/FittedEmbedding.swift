import SmithBytes
import SmithKernels
import SmithTensors

/// ALBERT's embeddings for a model that has BERT's: tables of width E, a norm over E, and a map E → H (models §14.1). Not exact, since BERT's
/// norm is over H: the tables are the old ones in the space of their E largest right singular vectors, the map is fitted by least
/// squares to what the old embeddings give for sampled triples of token, position and type.
public struct FittedEmbedding: Sendable {
  public var width: Int
  public var workers: Workers
  /// Triples that the map is fitted to, and as many others on which it is judged.
  public var samples = 16_384

  public init(width: Int, workers: Workers = .all) {
    self.width = width
    self.workers = workers
  }

  private static let tables = ["embeddings.word", "embeddings.position", "embeddings.tokenType"]

  /// `.usage` for a width that cannot be; `.refused` for embeddings that are not BERT's, and weights that are not finite.
  public func applied(
    to parameters: Parameters, _ source: any TensorSource
  ) throws(SmithError) -> Parameters {
    let old = try Embeddings(parameters, source)
    guard (1..<old.width).contains(width) else {
      throw SmithError(
        .usage, "width \(width): the embeddings are \(old.width) wide",
        remedy: "1 to \(old.width - 1)")
    }
    let stacked = old.tables.flatMap(\.self)
    let rows = stacked.count / old.width
    guard rows >= old.width else {
      throw SmithError(.refused, "\(rows) vectors of width \(old.width): too few to choose from")
    }
    let basis = SingularValues(of: stacked, rows: rows, columns: old.width, workers: workers)
      .right.prefix(width * old.width)
    let new = old.projected(on: Array(basis), width, workers)
    var random = SplitMix64(seed: 0)
    let (x, y) = new.samples(samples, beside: old, &random)
    guard
      let map = LeastSquares.fitting(
        x, to: y, inputs: width, outputs: old.width, workers: workers)
    else {
      throw SmithError(.refused, "no map fits: the embeddings hold no finite numbers")
    }
    let (other, wanted) = new.samples(samples, beside: old, &random)
    var result = replaced(parameters, new, map, old.width)
    result.findings.append(finding(map, [("fitted", x, y), ("other", other, wanted)], old.width))
    return result
  }

  private func replaced(
    _ parameters: Parameters, _ new: Embeddings, _ map: LeastSquares.Map, _ hidden: Int
  ) -> Parameters {
    var result = parameters
    for (name, values) in zip(Self.tables, new.tables) {
      let sources = parameters.recipes[name]?.sources ?? []
      result.recipes[name] = .computed(
        ComputedValues(values, shape: [values.count / width, width], sources: sources))
      result.schemes[name] = nil
    }
    result.recipes["embeddings.norm.weight"] = .ones(shape: [width])
    result.recipes["embeddings.norm.bias"] = .zeros(shape: [width])
    let sources =
      Self.tables.flatMap { parameters.recipes[$0]?.sources ?? [] }
      + ["weight", "bias"].flatMap { parameters.recipes["embeddings.norm.\($0)"]?.sources ?? [] }
    let (weight, bias) = (map.weight.map { Float($0) }, map.bias.map { Float($0) })
    result.recipes["embeddings.projection.weight"] = .computed(
      ComputedValues(weight, shape: [hidden, width], sources: sources))
    result.recipes["embeddings.projection.bias"] = .computed(
      ComputedValues(bias, shape: [hidden], sources: sources))
    result.configuration.sizes[.embedding] = width
    result.configuration.parts.insert("projection")
    leaveOutHead(&result)
    return result
  }

  /// The masked-language head ends in a norm and a table of the old width.
  private func leaveOutHead(_ model: inout Parameters) {
    let names = model.recipes.keys.filter { $0.hasPrefix("heads.mlm.") }
    guard !names.isEmpty else { return }
    for name in names {
      model.recipes[name] = nil
      model.schemes[name] = nil
    }
    model.configuration.parts.remove("mlm")
    model.configuration.isUntied = false
    let needed = Set(model.recipes.values.flatMap(\.sources))
    model.fates = model.fates.map { fate in
      guard fate.kind == .used, !needed.contains(fate.tensor) else { return fate }
      return TensorFate(
        tensor: fate.tensor, kind: .ignored,
        detail: "the masked-language head gives vectors of the old width")
    }
  }

  private func finding(
    _ map: LeastSquares.Map, _ parts: [(name: String, x: [Double], y: [Double])], _ hidden: Int
  ) -> Finding {
    var table = Finding(
      "fitted embedding", columns: ["samples", "count", "width", "residual", "relative", "cosine"])
    let compute = Compute(backend: Backends.reference, workers: workers)
    for (name, x, y) in parts {
      let layer = Linear(
        map.weight, bias: map.bias, inputs: width, outputs: hidden, backend: compute.backend)
      var (error, size, own, dot) = (0.0, 0.0, 0.0, 0.0)
      for (value, wanted) in zip(compute.linear(x, layer), y) {
        error += (value - wanted) * (value - wanted)
        size += wanted * wanted
        own += value * value
        dot += value * wanted
      }
      let root = (error / Double(max(1, y.count))).squareRoot()
      table.rows.append([
        .text(name), .count(y.count / hidden), .count(width), .number(root),
        .number((error / size).squareRoot()), .number(dot / (size * own).squareRoot()),
      ])
    }
    return table
  }
}

/// Word, position and type tables with the norm over their sum.
private struct Embeddings {
  /// Each [*, width].
  var tables: [[Float]]
  var width: Int
  var weight: [Float]
  var bias: [Float]
  var epsilon: Double

  init(_ parameters: Parameters, _ source: any TensorSource) throws(SmithError) {
    let configuration = parameters.configuration
    width = configuration[.embedding]
    epsilon = configuration.layerNormEpsilon
    let names = ["word", "position", "tokenType", "norm.weight", "norm.bias"]
    let recipes = names.compactMap { parameters.recipes["embeddings.\($0)"] }
    guard recipes.count == names.count, configuration[.embedding] == configuration[.hidden],
      !configuration.parts.contains("projection"), !configuration.parts.contains("wordProjection"),
      configuration.normPlacement == .post, configuration.paddingToken == nil
    else {
      throw SmithError(
        .refused, "its embeddings are not BERT's: word, position and type of one width, normed",
        at: Place(item: configuration.family))
    }
    var evaluator = RecipeEvaluator(source: source)
    var values: [[Float]] = []
    for (name, recipe) in zip(names, recipes) {
      let numbers = try evaluator.floats(recipe)
      guard numbers.allSatisfy(\.isFinite) else {
        throw SmithError(
          .refused, "holds values that are no finite numbers",
          at: Place(item: "embeddings.\(name)"))
      }
      values.append(numbers)
    }
    tables = Array(values[..<3])
    (weight, bias) = (values[3], values[4])
  }

  /// The tables in the space of a basis [width, old width], and a norm that does nothing but norm.
  func projected(on basis: [Double], _ count: Int, _ workers: Workers) -> Embeddings {
    let compute = Compute(backend: Backends.reference, workers: workers)
    let map = Linear(basis, bias: nil, inputs: width, outputs: count, backend: compute.backend)
    var copy = self
    copy.tables = tables.map { table in
      compute.linear(table.map(Double.init), map).map { Float($0) }
    }
    copy.width = count
    copy.weight = [Float](repeating: 1, count: count)
    copy.bias = [Float](repeating: 0, count: count)
    return copy
  }

  /// What this and another give for the same triples, drawn evenly from each table.
  func samples(
    _ count: Int, beside other: Embeddings, _ random: inout SplitMix64
  ) -> (own: [Double], other: [Double]) {
    let sizes = tables.map { $0.count / width }
    var (a, b): ([Double], [Double]) = ([], [])
    for _ in 0..<count {
      let places = sizes.map { Int.random(in: 0..<$0, using: &random) }
      a += vector(places)
      b += other.vector(places)
    }
    return (a, b)
  }

  /// The normed sum of a token, a position and a type.
  private func vector(_ places: [Int]) -> [Double] {
    var sum = [Double](repeating: 0, count: width)
    for (table, place) in zip(tables, places) {
      for index in sum.indices { sum[index] += Double(table[place * width + index]) }
    }
    let mean = sum.reduce(0, +) / Double(width)
    let variance = sum.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
    let factor = 1 / (variance + epsilon).squareRoot()
    return sum.indices.map { (sum[$0] - mean) * factor * Double(weight[$0]) + Double(bias[$0]) }
  }
}
