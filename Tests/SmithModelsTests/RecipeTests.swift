import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Recipes against plain Swift on a source that lives in memory.
@Suite struct RecipeTests {
  struct MemorySource: TensorSource {
    let container = "memory"
    let files = ["memory"]
    let metadata: [String: String] = [:]
    var tensors: [TensorInfo] = []
    var bytes: [String: [UInt8]] = [:]

    mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) throws {
      tensors.append(try TensorInfo(name: name, dtype: .f32, shape: shape))
      bytes[name] = values.withUnsafeBytes { Array($0) }
    }

    func read(
      _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
    ) throws(SmithError) {
      guard let all = bytes[tensor.name] else { throw SmithError(.missing, "no such tensor") }
      for index in 0..<span.byteCount {
        span.storeBytes(of: all[offset + index], toByteOffset: index, as: UInt8.self)
      }
    }
  }

  private let source: MemorySource
  private let matrix = Recipe.source(name: "m", dtype: .f32, shape: [3, 4])

  init() throws {
    var source = MemorySource()
    try source.add("m", [3, 4], (0..<12).map(Float.init))
    try source.add("n", [2, 4], (100..<108).map(Float.init))
    self.source = source
  }

  private func values(_ recipe: Recipe, rows: Range<Int>? = nil) throws -> [Float] {
    var evaluator = RecipeEvaluator(source: source)
    return try evaluator.floats(recipe, rows: rows ?? 0..<recipe.rowCount)
  }

  @Test func `a transpose in slabs is the transpose in one piece`() throws {
    let expected: [Float] = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    #expect(try values(.transpose(matrix)) == expected)
    var evaluator = RecipeEvaluator(source: source)
    var slabs: [Float] = []
    for row in 0..<4 { slabs += try evaluator.floats(.transpose(matrix), rows: row..<(row + 1)) }
    #expect(slabs == expected)
    #expect(try values(.transpose(.transpose(matrix))) == (0..<12).map(Float.init))
  }

  @Test func `a product, an added row, ones, in slabs too`() throws {
    let n = Recipe.source(name: "n", dtype: .f32, shape: [2, 4])
    let product = Recipe.product(matrix, .transpose(n))
    #expect(product.shape == [3, 2] && !product.isExact && product.sources == ["m", "n"])
    let expected: [Float] = [614, 638, 2238, 2326, 3862, 4014]
    #expect(try values(product) == expected)
    #expect(try values(product, rows: 1..<3) == Array(expected.dropFirst(2)))
    let added = Recipe.addingRow(matrix, row: .rows(n, from: 1, count: 1))
    #expect(try values(added, rows: 2..<3) == [112, 114, 116, 118])
    #expect(try values(.ones(shape: [2, 3])) == Array(repeating: 1, count: 6))
    #expect(throws: SmithError.self) { try values(.product(matrix, n)) }
    #expect(throws: SmithError.self) { try values(.addingRow(matrix, row: n)) }
  }

  /// Two groups of two inputs and one output: input j belongs to group j mod 2, output o to group o.
  @Test func `a grouped kernel is dense with zeros between the groups`() throws {
    var source = RecipeTests.MemorySource()
    try source.add("k", [2, 1, 2], [1, 2, 3, 4])
    let recipe = Recipe.ungrouped(.source(name: "k", dtype: .f32, shape: [2, 1, 2]))
    #expect(recipe.shape == [2, 4] && recipe.isExact)
    var evaluator = RecipeEvaluator(source: source)
    #expect(try evaluator.floats(recipe) == [1, 0, 3, 0, 0, 2, 0, 4])
    #expect(try evaluator.floats(recipe, rows: 1..<2) == [0, 2, 0, 4])
  }

  @Test func `slices, joins, shapes and constants`() throws {
    let joined = Recipe.concat([matrix, .source(name: "n", dtype: .f32, shape: [2, 4])])
    #expect(joined.shape == [5, 4] && joined.sources == ["m", "n"])
    #expect(try values(joined, rows: 2..<4) == [8, 9, 10, 11, 100, 101, 102, 103])
    #expect(try values(.rows(joined, from: 2, count: 2), rows: 1..<2) == [100, 101, 102, 103])
    #expect(try values(.reshape(matrix, shape: [6, 2]), rows: 4..<5) == [8, 9])
    #expect(try values(.identity(size: 3)) == [1, 0, 0, 0, 1, 0, 0, 0, 1])
    #expect(try values(.identity(size: 3), rows: 2..<3) == [0, 0, 1])
    #expect(try values(.zeros(shape: [2])) == [0, 0])
  }

  @Test func `a cast rounds and says that it is not exact`() throws {
    let half = Recipe.cast(matrix, to: .bf16)
    #expect(half.byteCount == 24 && !half.isExact && Recipe.transpose(matrix).isExact)
    #expect(try values(half) == (0..<12).map(Float.init))
  }

  @Test func `a missing source is an error`() {
    var evaluator = RecipeEvaluator(source: source)
    let recipe = Recipe.source(name: "absent", dtype: .f32, shape: [1])
    let error = #expect(throws: SmithError.self) { try evaluator.bytes(recipe) }
    #expect(error?.kind == .missing && error?.place.item == "absent")
  }

  @Test(arguments: Schemes.all.map(\.name))
  func `components in slabs are the components in one piece, and decode gives their values`(
    scheme: String
  ) throws {
    let original = (0..<1280).map { Float($0 * 37 % 101) / 50 - 1 }
    var source = MemorySource()
    try source.add("w", [5, 256], original)
    let recipe = Recipe.source(name: "w", dtype: .f32, shape: [5, 256])
    let coder = try #require(Schemes.named(scheme))
    let count = try coder.components(shape: [5, 256]).count
    let parts = recipe.encoded(by: scheme, count: count)
    var evaluator = RecipeEvaluator(source: source)
    for part in parts {
      var slabs: [UInt8] = []
      for row in 0..<part.rowCount { slabs += try evaluator.bytes(part, rows: row..<(row + 1)) }
      #expect(try evaluator.bytes(part) == slabs)
      #expect(slabs.count == part.byteCount)
    }
    let decoded = try evaluator.floats(.decode(scheme: scheme, shape: [5, 256], components: parts))
    let whole = try coder.encode(original, shape: [5, 256])
    #expect(decoded == (try coder.decode(whole, shape: [5, 256])) && decoded != original)
    // Ternary digits are off by half of the largest weight.
    #expect(zip(decoded, original).allSatisfy { abs($0 - $1) <= 0.51 })
  }
}
