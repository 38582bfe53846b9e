import SmithModels
import Testing

@testable import Weightsmith

@Suite struct SlabsTests {
  /// Rows, columns: what a header may claim of f32 tensors, also where it claims no bytes at all.
  @Test(arguments: [
    [0, 4], [1], [7, 3], [1 << 20, 3], [3, 1 << 20], [1 << 62, 0], [Int.max, 0], [],
  ])
  func `slabs cover every row once, in few pieces`(shape: [Int]) {
    let recipe = Recipe.source(name: "t", dtype: .f32, shape: shape)
    var next = 0
    var count = 0
    for rows in Slabs(recipe) {
      #expect(rows.lowerBound == next && !rows.isEmpty)
      next = rows.upperBound
      count += 1
    }
    #expect(next == recipe.rowCount)
    #expect(count <= 2 + recipe.byteCount / (Slabs.slabBytes / 2))
  }
}
