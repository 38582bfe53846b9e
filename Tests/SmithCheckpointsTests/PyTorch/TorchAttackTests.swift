import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TorchAttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    var name: String
    var pickle: [UInt8]
    var storages: [String: [UInt8]]
    var kind: SmithError.Kind
    var item: String?

    init(
      _ name: String, _ tensor: [UInt8], _ kind: SmithError.Kind, item: String? = "w",
      storages: [String: [UInt8]] = ["0": bits([1, 2, 3, 4])]
    ) {
      self.name = name
      pickle = Assembly.dictionary([("w", tensor)])
      self.storages = storages
      self.kind = kind
      self.item = item
    }

    var testDescription: String { name }
  }

  private static let four = Assembly.storage(count: 4)

  private static func tensor(
    _ offset: Int, _ size: [Int], _ stride: [Int], of storage: [UInt8] = four
  ) -> [UInt8] {
    Assembly.tensor(storage, offset: offset, size: size, stride: stride)
  }

  static let attacks: [Attack] = storageAttacks + tensorAttacks

  private static let tensorAttacks: [Attack] = [
    Attack("beyond the storage", tensor(1, [4], [1]), .malformed),
    Attack("beyond by a stride", tensor(0, [2], [4]), .malformed),
    Attack("an offset of 2^62", tensor(1 << 62, [1], [1]), .limit),
    Attack("a negative offset", tensor(-1, [1], [1]), .malformed),
    Attack("a negative stride", tensor(3, [2], [-1]), .malformed),
    Attack("a negative size", tensor(0, [-2], [1]), .malformed),
    Attack("a stride of 2^62", tensor(0, [5], [1 << 62]), .limit),
    Attack("sizes beyond 64 bits", tensor(0, [1 << 40, 1 << 40], [0, 0]), .limit),
    Attack(
      "sizes beyond 64 bits, then 0", tensor(0, [1 << 40, 1 << 40, 0], [0, 0, 0]), .limit),
    Attack("more sizes than strides", tensor(0, [1, 1], [1]), .malformed),
    Attack("100 dimensions", tensor(0, [Int](repeating: 1, count: 100), []), .limit),
    Attack("an element repeated 2^40 times", tensor(0, [1 << 40], [0]), .limit, item: nil),
  ]

  private static let storageAttacks: [Attack] = [
    Attack(
      "a storage of fewer bytes", tensor(0, [4], [1]), .mismatch, storages: ["0": bits([1, 2, 3])]),
    Attack(
      "a storage of more bytes", tensor(0, [4], [1]), .mismatch,
      storages: ["0": bits([1, 2, 3, 4, 5])]),
    Attack("no such storage", tensor(0, [4], [1]), .missing, storages: ["1": bits([1, 2, 3, 4])]),
    Attack(
      "a storage outside the folder",
      tensor(0, [4], [1], of: Assembly.storage(key: "../version", count: 4)), .missing),
    Attack("a storage of -1", tensor(0, [0], [1], of: Assembly.storage(count: -1)), .malformed),
    Attack("a storage of 2^62", tensor(0, [1], [1], of: Assembly.storage(count: 1 << 62)), .limit),
    Attack(
      "a storage of an unknown type",
      tensor(0, [4], [1], of: Assembly.storage("StrangeStorage", count: 4)), .unsupported),
    Attack(
      "a storage of a foreign type",
      tensor(0, [4], [1], of: Assembly.storage("FloatStorage", count: 4, module: "os")),
      .unsupported),
    Attack(
      "untyped bytes", tensor(0, [4], [1], of: Assembly.storage("UntypedStorage", count: 16)),
      .malformed),
    Attack("no storage", tensor(0, [4], [1], of: Assembly.text("storage")), .malformed),
    Attack(
      "a persistent id of numbers", tensor(0, [4], [1], of: Assembly.int(1) + Assembly.persID),
      .malformed),
    Attack(
      "too few arguments",
      Assembly.global("torch._utils", "_rebuild_tensor_v2") + Assembly.tuple([four])
        + Assembly.reduce, .malformed),
    Attack(
      "sizes that are text",
      Assembly.global("torch._utils", "_rebuild_tensor_v2")
        + Assembly.tuple([
          four, Assembly.int(0), Assembly.tuple([Assembly.text("4")]),
          Assembly.tuple([Assembly.int(1)]),
        ]) + Assembly.reduce, .malformed),
  ]

  @Test(arguments: attacks) func `an attack is refused at its tensor`(_ attack: Attack) throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      torchZip(attack.pickle, storages: attack.storages), as: "attack.pt")
    let error = failure { () throws(SmithError) in try Formats.open(path) }
    #expect(error?.kind == attack.kind)
    #expect(error?.place.item == attack.item)
    #expect(error?.place.file == path)
  }

  @Test func `a call of the system is data`() throws {
    let scratch = try Scratch()
    let witness = "\(scratch.path)/executed"
    let call =
      Assembly.global("posix", "system") + Assembly.tuple([Assembly.text("touch \(witness)")])
      + Assembly.reduce
    let weights = Assembly.tensor(Self.four, size: [4], stride: [1])
    let path = try scratch.write(
      torchZip(
        Assembly.dictionary([("w", weights), ("x", call)]), storages: ["0": bits([1, 2, 3, 4])]),
      as: "evil.bin")
    let source = try Formats.open(path)
    #expect(try source.bytes(try source.tensor("w")) == bits([1, 2, 3, 4]))
    #expect(
      source.notes == ["pickle: names foreign code, which was not executed: posix.system"])
    #expect(!FolderListing.isFile(witness))
    // As the file itself, without torch around it.
    let bare = try scratch.write(Assembly.proto + call + Assembly.stop, as: "bare.bin")
    let error = failure { () throws(SmithError) in try Formats.open(bare) }
    #expect(error?.kind == .unsupported)
    #expect(error?.detail.contains("posix.system, which was not executed") == true)
    #expect(!FolderListing.isFile(witness))
  }

  @Test func `keys and names that stand twice are refused`() throws {
    let tensor = Assembly.tensor(Self.four, size: [4], stride: [1])
    let storages = ["0": bits([1, 2, 3, 4])]
    let nested = Assembly.dict + Assembly.text("b") + tensor + Assembly.setItem
    for (items, item) in [
      ([("w", tensor), ("w", tensor)], "w"), ([("w", tensor), ("w", Assembly.int(1))], "w"),
      ([("a.b", tensor), ("a", nested)], "a.b"),
    ] {
      let bytes = try torchZip(Assembly.dictionary(items), storages: storages)
      let error = failure { () throws(SmithError) in try openSmith(bytes) }
      #expect(error?.kind == .mismatch)
      #expect(error?.place.item == item)
    }
  }

  @Test func `archives that are not what they seem are refused`() throws {
    let empty = Assembly.proto + Assembly.dict + Assembly.stop
    let two = try torchZip(empty, members: [("other/data.pkl", empty)])
    #expect(failure { () throws(SmithError) in try openSmith(two) }?.kind == .mismatch)
    let order = try torchZip(empty, members: [("archive/byteorder", Array("middle".utf8))])
    #expect(failure { () throws(SmithError) in try openSmith(order) }?.kind == .malformed)
    let none = try torchZip(empty, root: "a/b")
    #expect(failure { () throws(SmithError) in try openSmith(none) }?.kind == .missing)
  }

  @Test func `a tar of old is told apart`() throws {
    var tar = [UInt8](repeating: 0, count: 1024)
    tar.replaceSubrange(0..<8, with: Array("sys_info".utf8))
    tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
    let scratch = try Scratch()
    let path = try scratch.write(tar, as: "old.t7")
    let error = failure { () throws(SmithError) in try Formats.open(path) }
    #expect(error?.kind == .unsupported)
    #expect(error?.remedy?.contains("1.x") == true)
  }

  private func openSmith(_ bytes: [UInt8]) throws(SmithError) -> PyTorchSource {
    do { return try openTorch(bytes) } catch let error as SmithError { throw error } catch {
      throw SmithError(.io, "\(error)")
    }
  }
}
