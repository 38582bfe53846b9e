/// One code point on its way to a token, and the code points of the user's text that it came from.
///
/// Normalizing may delete a code point, make one into several or several into one; offsets are told in the user's text all the same.
public struct AlignedScalar: Hashable, Sendable {
  public var scalar: Unicode.Scalar
  /// The first code point of the source, counted from 0.
  public var start: Int32
  /// The one after the last.
  public var end: Int32

  public init(_ scalar: Unicode.Scalar, _ start: Int32, _ end: Int32) {
    self.scalar = scalar
    self.start = start
    self.end = end
  }
}

/// A text, or what normalizing has made of it.
public typealias AlignedText = [AlignedScalar]
/// A stretch of it: what a splitter makes, and what a model cuts into pieces.
public typealias Word = ArraySlice<AlignedScalar>

extension AlignedText {
  /// The code points of a text as they stand.
  public init(of text: String) {
    self = []
    reserveCapacity(text.utf8.count)
    var position: Int32 = 0
    for scalar in text.unicodeScalars {
      append(AlignedScalar(scalar, position, position + 1))
      position += 1
    }
  }

  /// Replaces each code point by those that `change` gives, which come from the same place; nil leaves it.
  mutating func replaceEach(_ change: (Unicode.Scalar) -> [Unicode.Scalar]?) {
    guard let first = firstIndex(where: { change($0.scalar) != nil }) else { return }
    var result = Array(self[..<first])
    result.reserveCapacity(count)
    for element in self[first...] {
      guard let scalars = change(element.scalar) else {
        result.append(element)
        continue
      }
      for scalar in scalars { result.append(AlignedScalar(scalar, element.start, element.end)) }
    }
    self = result
  }
}

extension Sequence<AlignedScalar> {
  /// The text without its places.
  public var string: String {
    var view = String.UnicodeScalarView()
    for element in self { view.append(element.scalar) }
    return String(view)
  }
}
