import SmithTensors
import Testing

@testable import SmithCheckpoints

@Suite struct TensorTableTests {
  private func tensor(_ name: String) throws -> TensorInfo {
    try TensorInfo(name: name, dtype: .u8, shape: [name.utf8.count])
  }

  /// 0 makes the table grow from nothing, 100,000 never.
  @Test(arguments: [0, 1, 9, 100_000])
  func `every name is found where it was put, and no other`(capacity: Int) throws {
    var table = TensorTable(capacity: capacity)
    let names = (0..<20_000).map { "layers.\($0).weight" }
    for name in names { #expect(table.append(try tensor(name))) }
    #expect(table.tensors.map(\.name) == names)
    #expect(names.indices.allSatisfy { table.position(of: names[$0]) == $0 })
    #expect((20_000..<21_000).allSatisfy { table.position(of: "layers.\($0).weight") == nil })
  }

  @Test func `a name that is there is refused and changes nothing`() throws {
    var table = TensorTable()
    #expect(table.append(try tensor("a")) && table.append(try tensor("b")))
    let again = try TensorInfo(name: "a", dtype: .f32, shape: [3])
    #expect(!table.append(again))
    #expect(table.tensors == [try tensor("a"), try tensor("b")])
  }

  /// Swift's strings could not tell the two apart anywhere else.
  @Test func `names that differ only in composition are one name`() throws {
    var table = TensorTable()
    #expect(table.append(try tensor("caf\u{E9}")))
    #expect(!table.append(try tensor("cafe\u{301}")))
    #expect(table.position(of: "cafe\u{301}") == 0)
  }

  @Test func `an empty table and an empty name`() throws {
    var table = TensorTable()
    #expect(table.position(of: "") == nil)
    #expect(table.append(try tensor("")) && table.position(of: "") == 0)
  }
}
