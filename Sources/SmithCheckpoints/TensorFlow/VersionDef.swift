import SmithBytes

/// `VersionDef`: 1 producer, 2 the oldest reader that will do (formats §2.3).
enum VersionDef {
  /// The newest layout we read; TensorFlow has written 1 since 2016, V1 files 0 or 1.
  static let newest: Int32 = 1

  /// `.unsupported` for files that ask for a newer reader.
  static func check(_ message: ProtobufReader) throws(SmithError) {
    var message = message
    while let part = try message.next() {
      guard part.number == 2 else { continue }
      let wanted = try part.int32()
      guard wanted <= newest else {
        throw SmithError(
          .unsupported, "a checkpoint for readers of version \(wanted), we read \(newest)",
          at: Place(offset: part.position))
      }
    }
  }
}
