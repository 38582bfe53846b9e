import SmithKernels
import Testing

@Suite struct BackendsTests {
  @Test func `our own product is always there, and names are unique`() {
    let names = Backends.all.map(\.name)
    #expect(names.contains("ckernels"))
    #expect(Set(names).count == names.count)
    #expect(Backends.default.name == names.first)
  }

  @Test func `backends are found by name`() {
    for backend in Backends.all { #expect(Backends.named(backend.name)?.name == backend.name) }
    #expect(Backends.named("abacus") == nil)
  }

  @Test func `a tile holds whole panels`() {
    let backend = CKernelsBackend<Float>()
    for rows in [1, 128, 1024] {
      for width in [4, 8, 16] { #expect(backend.tile(rows: rows).columns % width == 0) }
    }
  }
}
