import SmithTensors
import Testing

@testable import SmithCheckpoints

@Suite struct TensorTableTests {
  private func tensor(_ name: String) throws -> TensorInfo {
    try TensorInfo(name: name, dtype: .u8, shape: [name.utf8.count])
  }

  /// The table of these names, in this order, and which of them it took.
  private func table(
    _ names: [String], capacity: Int = 0
  ) throws -> (table: TensorTable, taken: [Bool]) {
    var table = TensorTable(capacity: capacity)
    let taken = try names.map { table.append(try tensor($0)) }
    return (table, taken)
  }

  /// 0 makes the table grow from nothing, 100,000 never.
  @Test(arguments: [0, 1, 9, 100_000])
  func `every name is found where it was put, and no other`(capacity: Int) throws {
    let names = (0..<20_000).map { "layers.\($0).weight" }
    let (table, taken) = try table(names, capacity: capacity)
    #expect(!taken.contains(false))
    #expect(table.tensors.map(\.name) == names)
    #expect(names.indices.allSatisfy { table.position(of: names[$0]) == $0 })
    #expect((20_000..<21_000).allSatisfy { table.position(of: "layers.\($0).weight") == nil })
  }

  @Test func `a name that is there is refused and changes nothing`() throws {
    var (table, _) = try table(["a", "b"])
    let isTaken = table.append(try TensorInfo(name: "a", dtype: .f32, shape: [3]))
    #expect(!isTaken)
    #expect(table.tensors == [try tensor("a"), try tensor("b")])
  }

  /// Swift's strings could not tell the two apart anywhere else.
  @Test func `names that differ only in composition are one name`() throws {
    let (table, taken) = try table(["caf\u{E9}", "cafe\u{301}"])
    #expect(taken == [true, false])
    #expect(table.position(of: "cafe\u{301}") == 0)
  }

  @Test func `an empty table and an empty name`() throws {
    #expect(TensorTable().position(of: "") == nil)
    let (table, taken) = try table(["", "a"])
    #expect(taken == [true, true] && table.position(of: "") == 0 && table.position(of: "b") == nil)
  }
}
