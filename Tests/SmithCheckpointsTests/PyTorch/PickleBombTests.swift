import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Pickles that are small and mean much.
@Suite struct PickleBombTests {
  private static let tensor = Assembly.tensor(
    Assembly.storage(count: 1), size: [1], stride: [1])

  private func kind(_ pickle: [UInt8], maxMemory: Int = 8 << 20) -> SmithError.Kind? {
    failure { () throws(SmithError) in try torchTree(pickle, maxMemory: maxMemory) }?.kind
  }

  @Test func `values without end are too many`() {
    #expect(kind([UInt8](repeating: 0x4E, count: 2_000_000)) == .limit)
    #expect(kind([UInt8](repeating: 0x5D, count: 500_000)) == .limit)
    #expect(kind([UInt8](repeating: 0x28, count: 2_000_000)) == .limit)
    #expect(kind([0x4E] + [UInt8](repeating: 0x32, count: 1_000_000)) == .limit)
    let memo = (0..<400_000).flatMap { Assembly.put(($0 &* 2_654_435_761) & 0xFFFF_FFFF) }
    #expect(kind([0x4E] + memo) == .limit)
  }

  @Test func `a list that doubles itself does not grow`() throws {
    // l = []; l += [l, l]; 30 times over.
    var pickle = Assembly.list + Assembly.put(0)
    for index in 0..<30 {
      pickle += Assembly.list + Assembly.mark + Assembly.get(index) + Assembly.get(index) + [0x65]
      pickle += Assembly.put(index + 1)
    }
    let tree = try torchTree(pickle + Assembly.stop)
    #expect(tree.tensors.isEmpty)
    #expect(tree.pickle.nodes.count == 31)
    _ = TorchMetadata(tree.pickle)
  }

  @Test func `a tensor shared a billion times is refused`() {
    var pickle = Assembly.proto + Self.tensor + Assembly.put(0)
    for index in 0..<30 {
      pickle +=
        Assembly.get(index) + Assembly.get(index) + [0x86] + Assembly.put(index + 1)
    }
    #expect(kind(pickle + Assembly.stop) == .limit)
  }

  @Test func `a million nested tuples are only deep`() throws {
    let depth = 1_000_000
    let pickle =
      [0x29] + [UInt8](repeating: 0x85, count: depth) + Assembly.stop
    let tree = try torchTree(pickle, maxMemory: 1 << 30)
    #expect(tree.pickle.nodes.count == depth + 1)
    #expect(tree.tensors.isEmpty)
  }

  @Test func `a tensor too deep is refused, one at the bound is not`() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Assembly.proto + Self.tensor + [UInt8](repeating: 0x85, count: depth) + Assembly.stop
    }
    #expect(try torchTree(nested(200)).tensors.count == 1)
    #expect(kind(nested(300)) == .limit)
    #expect(kind(nested(100_000), maxMemory: 1 << 30) == .limit)
  }

  @Test func `cycles end`() throws {
    // d = {}; d["self"] = d; d["w"] = tensor
    let pickle =
      Assembly.dict + Assembly.put(0) + Assembly.text("self") + Assembly.get(0) + Assembly.setItem
      + Assembly.text("w") + Self.tensor + Assembly.setItem + Assembly.stop
    #expect(try torchTree(pickle).tensors.map(\.name) == ["w"])
    // A parameter of itself: the memo cannot say it, but wrappers of wrappers can be long.
    var wrapped = Assembly.proto + Self.tensor + Assembly.put(0)
    for index in 0..<100 {
      wrapped +=
        Assembly.global("torch._utils", "_rebuild_parameter") + Assembly.get(index)
        + [0x85, 0x52] + Assembly.put(index + 1)
    }
    #expect((try? torchTree(wrapped + Assembly.stop))?.tensors.count ?? 0 <= 1)
  }

  @Test func `a long text shared often costs a reference each time`() throws {
    let long = String(repeating: "x", count: 1 << 20)
    var pickle = Assembly.list + Assembly.text(long) + Assembly.put(0) + [0x61]
    for _ in 0..<1000 { pickle += Assembly.get(0) + [0x61] }
    #expect(try torchTree(pickle + Assembly.stop).pickle.nodes.count == 1)
  }

  @Test func `names too long are refused`() {
    let name = String(repeating: "n", count: 5000)
    let pickle =
      Assembly.dict + Assembly.text(name) + Self.tensor + Assembly.setItem + Assembly.stop
    #expect(kind(pickle) == .limit)
  }

  /// A list of pairs that ten thousand dictionaries are made of: a hundred million pairs, if each were gone through.
  @Test(arguments: [0, 1]) func `a list shared by many dictionaries is not gone through for each`(
    _ tensors: Int
  ) {
    let count = 10_000
    let pair = Assembly.text("a") + Assembly.int(1) + [0x86]
    var pickle = Assembly.list + Assembly.mark + (0..<count).flatMap { _ in pair } + [0x65]
    if tensors == 1 { pickle += Assembly.text("w") + Self.tensor + [0x86] + Assembly.append }
    pickle += [0x85] + Assembly.put(1) + [0x30]
    pickle += Assembly.global("collections", "OrderedDict") + Assembly.put(2) + [0x30]
    let use = Assembly.get(2) + Assembly.get(1) + Assembly.reduce
    pickle += Assembly.list + Assembly.mark + (0..<count).flatMap { _ in use } + [0x65]
    #expect(kind(pickle + Assembly.stop, maxMemory: 64 << 20) == .limit)
  }

  /// Arguments by the thousand, shared by as many calls.
  @Test func `arguments shared by many calls are not gone through for each`() {
    let count = 10_000
    var pickle = Assembly.tuple((0..<count).map { _ in Assembly.list }) + Assembly.put(1) + [0x30]
    pickle += Assembly.global("builtins", "dict") + Assembly.put(2) + [0x30]
    let use = Assembly.get(2) + Assembly.get(1) + Assembly.reduce
    pickle += Assembly.list + Assembly.mark + (0..<count).flatMap { _ in use } + [0x65]
    #expect(kind(pickle + Assembly.stop, maxMemory: 64 << 20) == .limit)
  }

  /// One array of 4 MB, as bytes or as protocol 2's text, meant a thousand times: text would be made into bytes a thousand times.
  @Test(arguments: [false, true]) func `an array shared often is not made often`(asText: Bool) {
    let count = 4 << 20
    let size = (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    let raw = size + [UInt8](repeating: 0x61, count: count)
    var pickle =
      asText
      ? Assembly.global("_codecs", "encode") + [0x58] + raw + Assembly.text("latin1") + [0x86]
        + Assembly.reduce
      : [0x42] + raw
    pickle += Assembly.put(0) + [0x30]
    pickle +=
      Assembly.mark + Assembly.int(1) + Assembly.int(count) + [0x85]
      + Assembly.global("numpy", "dtype") + Assembly.text("u1") + [0x85] + Assembly.reduce
      + [0x89] + Assembly.get(0) + Assembly.tuple + Assembly.put(1) + [0x30]
    let array =
      Assembly.global("numpy.core.multiarray", "_reconstruct") + Assembly.emptyTuple
      + Assembly.reduce + Assembly.get(1) + Assembly.build
    pickle += Assembly.mark + (0..<1000).flatMap { _ in array } + Assembly.tuple
    #expect(kind(pickle + Assembly.stop, maxMemory: 64 << 20) == .limit)
  }
}
