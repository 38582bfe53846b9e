import SmithBytes
import SmithTensors

/// `.keras`, the saved model of Keras 3: a zip with `metadata.json`, `config.json` and `model.weights.h5`. Only the weights are read:
/// `config.json` can name any Python class, and is never interpreted. Docs/Formats/keras.md.
public enum KerasArchive: ContainerFormat {
  public static let name = "keras"
  public static let fileExtension = "keras"
  public static let usualNames = "keras"
  public static let writer: (any ContainerWriter)? = nil

  static let weights = "model.weights.h5"
  static let others = ["model.weights.npz", "model.weights.json"]

  public static func isModelFile(_ name: String) -> Bool { name.hasSuffix(".keras") }

  /// A zip with the weights of a Keras model; in a folder, the only file that ends in `.keras`.
  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file:
      guard ZipArchive.recognises(input.head) else { return nil }
      // A broken zip may be another format's, unless its name says otherwise.
      if input.path.hasSuffix(".keras") { return input.path }
      guard let archive = try? ZipArchive(InputFile(input.path)), archive["config.json"] != nil
      else { return nil }
      return ([weights] + others).contains { archive[$0] != nil } ? input.path : nil
    case .folder:
      let candidates = input.entries.filter(isModelFile)
      guard let only = candidates.first else { return nil }
      guard candidates.count == 1 else {
        throw SmithError(
          .mismatch, "several Keras archives: \(candidates.joined(separator: ", "))",
          at: Place(file: input.path), remedy: "name one of them")
      }
      return input.path.appending(path: only)
    }
  }

  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    let file = try InputFile(path)
    let archive = try ZipArchive(file)
    guard let entry = archive[weights] else {
      if let other = others.first(where: { archive[$0] != nil }) {
        throw SmithError(
          .unsupported, "a Keras archive with its weights in \(other)", at: Place(file: path),
          remedy: "save it with weights in HDF5")
      }
      throw SmithError(
        .missing, "a Keras archive without \(weights)", at: Place(file: path))
    }
    do throws(SmithError) {
      let raw: HDF5Raw
      switch entry.method {
      case .stored:
        let range = try archive.dataRange(of: entry)
        raw = try HDF5Raw(file, start: range.lowerBound, count: range.count)
      case .deflate: raw = HDF5Raw(try unpacked(archive.member(entry)))
      }
      return try HDF5Source(raw, container: name, path: path, options: options)
    } catch { throw error.at(file: path, item: weights) }
  }

  /// Deflate reaches 1,032 to 1 on zeros only; weights pack far less.
  private static let maximumRatio = 64

  /// The content of a deflated member in a file without a name, in the folder for temporary files.
  private static func unpacked(_ member: ZipMember) throws(SmithError) -> InputFile {
    let size = member.entry.size
    guard size <= member.entry.compressedSize * maximumRatio + 64 << 20 else {
      throw SmithError(
        .limit, "\(size) bytes of weights out of \(member.entry.compressedSize) deflated ones")
    }
    let temporary = try TemporaryFile()
    var sum = CRC32()
    var offset = 0
    while offset < size {
      let piece = try member.bytes(offset..<min(offset + 1 << 20, size))
      sum.update(piece)
      try temporary.write(piece, at: offset)
      offset += piece.count
    }
    try member.check(crc32: sum.value)
    return try InputFile(temporary.path)
  }
}
