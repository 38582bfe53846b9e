import SmithBytes

/// The form of torch.save before 1.6 (formats §4.4): five pickles (magic number, version, system, the object, a list of storage
/// keys), then the storages in the order of that list, each as its element count and its elements.
struct LegacyStream {
  /// 0x1950A86A20F9469CFC6C, little endian.
  static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  private static let version = 1001

  let pickle: Pickle
  /// What follows the last storage.
  let trailingBytes: Int
  private let file: InputFile
  private let ranges: [String: Range<Int>]

  init(_ file: InputFile) throws(SmithError) {
    self.file = file
    var input = PickleInput(file)
    guard case .long(Self.magic) = try PickleMachine.run(&input).root else {
      throw SmithError(.malformed, "no PyTorch magic number", at: Place(offset: 0))
    }
    let versionStart = input.position
    let version = try PickleMachine.run(&input).root.integer
    guard version == Self.version else {
      throw SmithError(
        .unsupported, "protocol version \(version.map { String($0) } ?? "that is no number")",
        at: Place(offset: versionStart))
    }
    // The system: integer sizes and byte order of the machine that wrote it. What follows is little endian all the same.
    _ = try PickleMachine.run(&input)
    pickle = try PickleMachine.run(&input)
    let keysStart = input.position
    let keys = try Self.keys(try PickleMachine.run(&input), at: keysStart)
    let types = try Self.storages(of: pickle)
    (ranges, trailingBytes) = try Self.ranges(keys, types, file, from: input.position)
  }

  private static func keys(_ pickle: Pickle, at offset: Int) throws(SmithError) -> [String] {
    guard let list = pickle.node(pickle.root), list.kind == .list else {
      throw SmithError(.malformed, "no list of storages", at: Place(offset: offset))
    }
    var keys: [String] = []
    for item in list.items {
      guard let key = item.text ?? item.integer.map({ String($0) }) else {
        throw SmithError(.malformed, "a storage whose key is no text", at: Place(offset: offset))
      }
      keys.append(key)
    }
    return keys
  }

  /// Every storage the object names, by key: only there stands what its elements are.
  private static func storages(of pickle: Pickle) throws(SmithError) -> [String: TorchStorage] {
    var found: [String: TorchStorage] = [:]
    for (index, node) in pickle.nodes.enumerated() where node.kind == .persistent {
      // Modules name their source in a persistent id of their own.
      guard pickle.tuple(node.arguments)?.first?.text == "storage" else { continue }
      var storage = try TorchStorage(.node(index), in: pickle)
      storage.window = nil
      if let other = found.updateValue(storage, forKey: storage.key), other != storage {
        throw SmithError(
          .mismatch, "storage \(storage.key) is said to be of two types or sizes")
      }
    }
    return found
  }

  private static func ranges(
    _ keys: [String], _ types: [String: TorchStorage], _ file: InputFile, from start: Int
  ) throws(SmithError) -> ([String: Range<Int>], rest: Int) {
    var ranges: [String: Range<Int>] = [:]
    var position = start
    for key in keys {
      do throws(SmithError) {
        guard let storage = types[key] else {
          throw SmithError(.mismatch, "storage \(key) is listed and not used")
        }
        guard storage.dtype != .opaque else {
          throw SmithError(.unsupported, "storage \(key) has elements of a size unknown to us")
        }
        var cursor = ByteCursor(try file.bytes(position..<(try position.adding(checked: 8))))
        let count = try Int(checked: try cursor.littleEndian(UInt64.self))
        guard count == storage.count else {
          throw SmithError(
            .mismatch,
            "storage \(key) has \(count) elements, the pickle says \(storage.count)")
        }
        let end = try (position + 8).adding(checked: try storage.byteCount())
        guard end <= file.count else {
          throw SmithError(
            .truncated, "storage \(key) ends at \(end), the file has \(file.count) bytes")
        }
        guard ranges.updateValue((position + 8)..<end, forKey: key) == nil else {
          throw SmithError(.mismatch, "storage \(key) is listed twice")
        }
        position = end
      } catch { throw error.at(offset: position) }
    }
    return (ranges, file.count - position)
  }

  func bytes(_ storage: TorchStorage) throws(SmithError) -> StorageBytes {
    guard let range = ranges[storage.key] else {
      throw SmithError(.missing, "storage \(storage.key) is used and not listed")
    }
    let visible = try storage.visibleBytes()
    let start = range.lowerBound + visible.lowerBound
    return .file(file, start..<(start + visible.count))
  }
}
