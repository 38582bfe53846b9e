import SmithBytes

extension GGUFHeader {
  /// What the header says of one tensor, before it has a place: name, dimensions (fastest first), type, offset in the data.
  struct Declaration {
    static let maxRank = 4
    /// The longest name ggml keeps; one byte more is its terminating NUL.
    static let maxNameBytes = 63

    let name: String
    /// Row-major: the file's dimensions reversed.
    let shape: [Int]
    let type: GGMLType
    let offset: UInt64
    let headerOffset: Int

    init(_ cursor: inout GGUFCursor) throws(SmithError) {
      headerOffset = cursor.position
      let place = Place(offset: headerOffset)
      name = try cursor.string()
      guard name.utf8.count <= Self.maxNameBytes else {
        throw SmithError(
          .limit,
          "a tensor name of \(name.utf8.count) bytes, at most \(Self.maxNameBytes) are read",
          at: place)
      }
      // ggml's strings end there: it would read another name than we do.
      guard !name.utf8.contains(0) else {
        throw SmithError(.malformed, "a tensor name with a NUL", at: place)
      }
      do throws(SmithError) {
        let rank = try cursor.integer(UInt32.self)
        guard rank <= UInt32(Self.maxRank) else {
          throw SmithError(.limit, "\(rank) dimensions, at most \(Self.maxRank) are read")
        }
        var dimensions: [Int] = []
        for _ in 0..<rank { dimensions.append(try Int(checked: try cursor.integer(UInt64.self))) }
        shape = dimensions.reversed()
        type = try GGMLType.numbered(try cursor.integer(UInt32.self))
        offset = try cursor.integer(UInt64.self)
      } catch { throw error.at(offset: headerOffset, item: name) }
    }
  }
}
