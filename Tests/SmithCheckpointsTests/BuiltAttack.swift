import SmithBytes
import Testing

/// A hostile file that a test writes field by field, and the error that it must end in.
struct BuiltAttack<File>: Sendable, CustomTestStringConvertible {
  var what: String
  var kind: SmithError.Kind
  /// The item that the error names.
  var item: String?
  var build: @Sendable (inout File) -> Void
  var testDescription: String { what }

  init(
    _ what: String, _ kind: SmithError.Kind, item: String? = "x",
    _ build: @escaping @Sendable (inout File) -> Void
  ) {
    (self.what, self.kind, self.item, self.build) = (what, kind, item, build)
  }
}
