import SmithBytes
import SmithTensors

/// The arrays of one archive, or the one of a file.
struct NPZSource: TensorSource {
  /// Where the content of an array comes from, header included.
  enum Content: Sendable {
    case file(InputFile)
    case member(ZipMember)
  }

  struct Array: Sendable {
    let content: Content
    let header: NPYHeader
    let info: TensorInfo
  }

  let container = NPZ.name
  let files: [String]
  let tensors: [TensorInfo]
  let metadata: [String: String] = [:]
  let notes: [String]
  private let arrays: [String: Array]

  /// A `.npy` file: one tensor, named as the file without its extension. Elements that are no numbers are `.unsupported`.
  init(array file: InputFile) throws(SmithError) {
    let name = file.path.lastComponent
    let stem = name.hasSuffix(".npy") ? String(name.dropLast(4)) : name
    do throws(SmithError) {
      let array = try Array(named: stem, .file(file))
      if case .unreadable(let what) = array.header.element {
        throw SmithError(.unsupported, "the array holds \(what), which are not read")
      }
      self.init(path: file.path, [array], notes: [])
    } catch { throw error.at(file: file.path) }
  }

  /// Every member `NAME.npy` of an archive. Arrays that are no numbers are listed, and named in a note.
  init(archive file: InputFile) throws(SmithError) {
    let archive = try ZipArchive(file)
    var arrays: [Array] = []
    var others: [String] = []
    for entry in archive.entries {
      guard entry.name.hasSuffix(".npy") else {
        // Only where the local header calls it so too.
        _ = try archive.dataRange(of: entry)
        others.append(entry.name)
        continue
      }
      do throws(SmithError) {
        arrays.append(
          try Array(named: String(entry.name.dropLast(4)), .member(try archive.member(entry))))
      } catch { throw error.at(file: file.path, item: entry.name) }
    }
    let notes = others.isEmpty ? [] : ["no arrays, not read: \(Self.some(others))"]
    self.init(path: file.path, arrays, notes: notes)
  }

  private init(path: String, _ arrays: [Array], notes: [String]) {
    files = [path]
    tensors = arrays.map(\.info)
    self.notes = notes + Self.notes(arrays)
    self.arrays = Dictionary(uniqueKeysWithValues: arrays.map { ($0.info.name, $0) })
  }

  private static func notes(_ arrays: [Array]) -> [String] {
    var guesses: [String] = []
    var unreadable: [String: [String]] = [:]
    for array in arrays {
      switch array.header.element {
      case .numbers(_, _, true): guesses.append(array.info.name)
      case .unreadable(let what): unreadable[what, default: []].append(array.info.name)
      default: break
      }
    }
    var notes = unreadable.sorted { $0.key < $1.key }.map {
      "\($0.key), not read: \(some($0.value))"
    }
    if !guesses.isEmpty {
      notes.append(
        "two-byte elements that the file does not name, taken for bf16 as numpy writes it: "
          + some(guesses))
    }
    return notes
  }

  private static func some(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ")
      + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let array = try array(tensor)
    do throws(SmithError) {
      guard offset >= 0, span.byteCount <= array.info.byteCount,
        offset <= array.info.byteCount - span.byteCount
      else {
        throw SmithError(
          .usage, "\(span.byteCount) bytes at \(offset) of \(array.info.byteCount)")
      }
      guard case .numbers = array.header.element else {
        throw SmithError(.unsupported, "the array holds no numbers")
      }
      try array.read(at: offset, into: &span)
    } catch { throw error.at(file: files.first, item: tensor.name) }
  }

  func runningChecksum(_ tensor: TensorInfo) throws(SmithError) -> RunningChecksum? {
    try array(tensor).runningChecksum
  }

  func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {
    if case .member(let member) = try array(tensor).content { try member.verifyChecksum() }
  }

  private func array(_ tensor: TensorInfo) throws(SmithError) -> Array {
    guard let array = arrays[tensor.name] else {
      throw SmithError(.missing, "no such tensor", at: Place(file: files.first, item: tensor.name))
    }
    return array
  }
}
