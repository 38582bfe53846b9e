import SmithBytes
import TestSupport

@testable import SmithCheckpoints

/// Assembles pickles by hand, opcode by opcode.
enum Assembly {
  static let proto: [UInt8] = [0x80, 2]
  static let stop: [UInt8] = [0x2E]
  static let mark: [UInt8] = [0x28]
  static let dict: [UInt8] = [0x7D]
  static let list: [UInt8] = [0x5D]
  static let emptyTuple: [UInt8] = [0x29]
  static let tuple: [UInt8] = [0x74]
  static let setItem: [UInt8] = [0x73]
  static let setItems: [UInt8] = [0x75]
  static let append: [UInt8] = [0x61]
  static let reduce: [UInt8] = [0x52]
  static let build: [UInt8] = [0x62]
  static let newObj: [UInt8] = [0x81]
  static let persID: [UInt8] = [0x51]

  static func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return [0x58] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
  }

  /// LONG1 of eight bytes.
  static func int(_ value: Int) -> [UInt8] {
    [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func global(_ module: String, _ name: String) -> [UInt8] {
    [0x63] + Array("\(module)\n\(name)\n".utf8)
  }

  static func tuple(_ items: [[UInt8]]) -> [UInt8] { mark + items.flatMap { $0 } + tuple }

  static func put(_ index: Int) -> [UInt8] {
    [0x72] + (0..<4).map { UInt8(truncatingIfNeeded: index >> (8 * $0)) }
  }

  static func get(_ index: Int) -> [UInt8] {
    [0x6A] + (0..<4).map { UInt8(truncatingIfNeeded: index >> (8 * $0)) }
  }

  static func storage(
    _ type: String = "FloatStorage", key: String = "0", count: Int, module: String = "torch"
  ) -> [UInt8] {
    tuple([text("storage"), global(module, type), text(key), text("cpu"), int(count)]) + persID
  }

  /// A tensor as torch.save writes it.
  static func tensor(
    _ storage: [UInt8], offset: Int = 0, size: [Int], stride: [Int]
  ) -> [UInt8] {
    global("torch._utils", "_rebuild_tensor_v2")
      + tuple([
        storage, int(offset), tuple(size.map(int)), tuple(stride.map(int)), [0x89], [0x4E],
      ]) + reduce
  }

  /// `{name: value, …}` as a whole pickle.
  static func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
    proto + dict + mark + items.flatMap { text($0.0) + $0.1 } + setItems + stop
  }
}

/// An archive as torch.save lays it out, with this pickle and these members.
func torchZip(
  _ pickle: [UInt8], storages: [String: [UInt8]] = [:],
  members: [(name: String, bytes: [UInt8])] = [], root: String = "archive"
) throws -> [UInt8] {
  var all: [(String, [UInt8])] = [("\(root)/data.pkl", pickle)]
  all += storages.sorted { $0.key < $1.key }.map { ("\(root)/data/\($0.key)", $0.value) }
  all += members.map { ($0.name, $0.bytes) }
  let layout = try ZipLayout(
    all.map { ZipLayout.Member(name: $0.0, head: $0.1) }, style: .torch)
  var bytes: [UInt8] = []
  let pieces = layout.pieces + layout.finish(checksums: all.map { _ in 0 })
  for piece in pieces.sorted(by: { $0.offset < $1.offset }) {
    precondition(bytes.count <= piece.offset)
    bytes += piece.bytes
  }
  return bytes
}

/// A file in a folder of its own, opened.
func openTorch(_ bytes: [UInt8], as name: String = "x.pt") throws -> PyTorchSource {
  let scratch = try Scratch()
  return try PyTorchSource(file: try scratch.write(bytes, as: name))
}

func openTorchFixture(_ name: String) throws -> PyTorchSource {
  try PyTorchSource(file: Fixtures.path(name))
}

/// Runs a pickle and lists its tensors, without a file around it.
func torchTree(_ pickle: [UInt8], maxMemory: Int = 64 << 20) throws(SmithError) -> TorchTree {
  var input = PickleInput(pickle)
  return try TorchTree(try PickleMachine.run(&input, maxMemory: maxMemory))
}

func bits(_ values: [Float]) -> [UInt8] {
  values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
  }
}
