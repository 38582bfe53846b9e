import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Each layout step on numbers, from the stored tensor to the canonical one and back.
@Suite struct LayoutStepTests {
  struct Example: Sendable, CustomTestStringConvertible {
    var name: String
    var step: Rule.Step
    var stored: (shape: [Int], values: [Float])
    var canonical: (shape: [Int], values: [Float])
    var misfit: [Int]?
    var testDescription: String { name }
  }

  private static let six: [Float] = [1, 2, 3, 4, 5, 6]

  static let examples = [
    Example(
      name: "squeeze", step: .squeeze, stored: ([1, 2, 3], six), canonical: ([2, 3], six),
      misfit: [2, 2, 3]),
    Example(
      name: "permute", step: .permute([2, 0, 1]), stored: ([2, 1, 3], six),
      canonical: ([3, 2, 1], [1, 4, 2, 5, 3, 6]), misfit: [2, 3]),
    Example(
      name: "permute behind the first", step: .permute([0, 2, 1]), stored: ([1, 2, 3], six),
      canonical: ([1, 3, 2], [1, 4, 2, 5, 3, 6]), misfit: [6]),
    Example(
      name: "zeros above", step: .belowZeros(1), stored: ([3, 2], [0, 0, 1, 2, 3, 4]),
      canonical: ([2, 2], [1, 2, 3, 4]), misfit: [1, 2]),
    Example(
      name: "negate", step: .negate, stored: ([2], [-1.5, 0.25]), canonical: ([2], [1.5, -0.25])),
    Example(name: "add", step: .add(-1), stored: ([2], [1.5, 0]), canonical: ([2], [0.5, -1])),
    Example(
      name: "chain", step: .chain([.squeeze, .transpose, .negate]), stored: ([1, 2, 3], six),
      canonical: ([3, 2], [-1, -4, -2, -5, -3, -6]), misfit: [2, 3]),
  ]

  private func values(
    _ recipe: Recipe, _ tensor: (shape: [Int], values: [Float]), slabs: Bool = false
  ) throws -> [Float] {
    var source = RecipeTests.MemorySource()
    try source.add("t", tensor.shape, tensor.values)
    var evaluator = RecipeEvaluator(source: source)
    if !slabs { return try evaluator.floats(recipe) }
    var result: [Float] = []
    for row in 0..<recipe.rowCount { result += try evaluator.floats(recipe, rows: row..<row + 1) }
    return result
  }

  private func source(_ shape: [Int], _ dtype: DType = .f32) -> Recipe {
    .source(name: "t", dtype: dtype, shape: shape)
  }

  @Test(arguments: examples)
  func `is read and written`(example: Example) throws {
    let (stored, canonical) = (example.stored, example.canonical)
    let read = example.step.reading(source(stored.shape))
    #expect(read.shape == canonical.shape && read.dtype == .f32 && read.sources == ["t"])
    #expect(example.step.storedShape(of: canonical.shape) == stored.shape)
    #expect(try values(read, stored) == canonical.values)
    #expect(try values(read, stored, slabs: true) == canonical.values)
    let written = try #require(example.step.writing(source(canonical.shape)))
    #expect(written.shape == stored.shape && written.dtype == .f32)
    #expect(try values(written, canonical) == stored.values)
    #expect(try values(written, canonical, slabs: true) == stored.values)
  }

  @Test(arguments: examples)
  func `there and back is the stored tensor itself`(example: Example) {
    let stored = source(example.stored.shape)
    #expect(example.step.writing(example.step.reading(stored)) == stored)
  }

  @Test(arguments: examples)
  func `what does not fit is left as it is`(example: Example) {
    #expect(example.step.fits(example.stored.shape))
    guard let misfit = example.misfit else { return }
    #expect(!example.step.fits(misfit))
    #expect(example.step.reading(source(misfit)) == source(misfit))
  }

  /// Adding rounds once in the tensor's own type; a sign never does.
  @Test func `other types keep theirs`() throws {
    for type in [DType.f16, .bf16, .f64] {
      var source = RecipeTests.MemorySource()
      try source.add("t", [3], [0.5, -3, 1.25])
      let half = Recipe.cast(self.source([3]), to: type)
      var evaluator = RecipeEvaluator(source: source)
      #expect(half.negated.dtype == type && half.adding(1).dtype == type)
      #expect(try evaluator.floats(half.negated) == [-0.5, 3, -1.25])
      #expect(try evaluator.floats(half.adding(1)) == [1.5, -2, 2.25])
    }
    #expect(!source([3]).adding(1).isExact && source([3]).negated.isExact)
    let ints = Recipe.source(name: "t", dtype: .i32, shape: [3]).negated
    #expect(throws: SmithError.self) { try values(ints, ([3], [1, 2, 3])) }
  }

  /// A kernel of two halves and two gates: four parameters, one tensor.
  @Test func `parts of parts are one tensor again, in any order`() throws {
    let stored = source([4, 6])
    let steps = (0..<2).flatMap { half in
      (0..<2).map { Rule.Step.chain([.part(half, of: 2), .transpose, .part($0, of: 2)]) }
    }
    let numbers = (0..<24).map(Float.init)
    let parts = steps.map { $0.reading(stored) }
    #expect(parts.allSatisfy { $0.shape == [3, 2] })
    #expect(try values(parts[1], ([4, 6], numbers)) == [3, 9, 4, 10, 5, 11])
    #expect(steps.allSatisfy { $0.partCount == 4 && $0.storedShape(of: [3, 2]) == [4, 6] })
    for order in [[0, 1, 2, 3], [3, 1, 0, 2]] {
      var joined = StoredParts()
      let wholes = order.map { joined.add(parts[$0], to: "w", by: steps[$0]) }
      #expect(wholes.dropLast().allSatisfy { $0 == nil } && wholes.last == stored)
      #expect(joined.incomplete == nil)
    }
    var fresh = StoredParts()
    let own = parts.indices.map { Recipe.source(name: "p\($0)", dtype: .f32, shape: [3, 2]) }
    let whole = zip(own, steps).compactMap { fresh.add($0, to: "w", by: $1) }
    #expect(whole.map(\.shape) == [[4, 6]] && Set(whole[0].sources).count == 4)
    var source = RecipeTests.MemorySource()
    for (index, part) in parts.enumerated() {
      try source.add("p\(index)", [3, 2], values(part, ([4, 6], numbers)))
    }
    var evaluator = RecipeEvaluator(source: source)
    #expect(try evaluator.floats(whole[0]) == numbers)
    #expect(fresh.add(own[0], to: "w", by: steps[0]) == nil && fresh.incomplete == "w")
  }

  @Test func `two of the same part are no tensor`() {
    var parts = StoredParts()
    let step = Rule.Step.part(0, of: 2)
    #expect(parts.add(source([1]), to: "w", by: step) == nil)
    #expect(parts.add(source([1]), to: "w", by: step) == nil)
  }

  @Test func `padding rows are known, and kept where they were`() throws {
    let stored = source([3, 2])
    let step = Rule.Step.belowZeros(1)
    #expect(step.leftOut(of: stored) == .rows(stored, from: 0, count: 1))
    #expect(Rule.Step.chain([.transpose, step]).leftOut(of: source([2, 3]))?.shape == [1, 2])
    #expect(Rule.Step.copy.leftOut(of: stored) == nil)
    let half = Recipe.source(name: "t", dtype: .f16, shape: [2, 2])
    #expect(half.belowZeros(1).dtype == .f16 && half.belowZeros(1).shape == [3, 2])
  }
}
