import SmithBytes

/// Several files as one run of bytes, so that a fuzzer can change any of them: for each file the length of its name in one byte, the
/// name, the length of its contents in four bytes (little endian), the contents.
enum FolderImage {
  static let mostFiles = 64
  private static let mostDepth = 3

  /// Never fails: a length beyond the end means what is left, a name that leaves the folder is replaced by a number.
  static func files(in image: [UInt8]) -> [(name: String, bytes: ArraySlice<UInt8>)] {
    var files: [(name: String, bytes: ArraySlice<UInt8>)] = []
    var rest = image[...]
    func take(_ count: Int) -> ArraySlice<UInt8> {
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    while let nameLength = take(1).first, files.count < mostFiles {
      let name = path(take(Int(nameLength)), number: files.count)
      let length = take(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      files.append((name, take(length)))
    }
    return files
  }

  /// The image of files; nil where a name is too long for one.
  static func image(of files: [(name: String, bytes: [UInt8])]) -> [UInt8]? {
    var image: [UInt8] = []
    for file in files {
      guard let length = UInt8(exactly: file.name.utf8.count) else { return nil }
      image.append(length)
      image += Array(file.name.utf8)
      for shift in 0..<4 {
        image.append(UInt8(truncatingIfNeeded: file.bytes.count >> (8 * shift)))
      }
      image += file.bytes
    }
    return image
  }

  /// `name` or a path of plain names below the folder.
  private static func path(_ raw: ArraySlice<UInt8>, number: Int) -> String {
    let name = String(decoding: raw, as: UTF8.self)
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = parts.count <= mostDepth && parts.allSatisfy { String($0).isPlainFileName }
    return isPlain ? name : "\(number)"
  }
}
