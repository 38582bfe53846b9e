import Foundation
import SmithBytes

/// SentencePiece's map as Hugging Face's tokenizers apply it: to a grapheme cluster of less than six bytes as a whole, else to each of
/// its code points; the shortest rule that the stretch begins with replaces all of it (models §13.4).
struct PrecompiledNormalizer: Normalizer {
  let charsmap: PrecompiledCharsmap

  /// Clusters of more bytes are not looked up.
  private static let byteLimit = 6

  func normalize(_ text: inout AlignedText) {
    var result: AlignedText = []
    result.reserveCapacity(text.count)
    var start = 0
    while start < text.count {
      var end = start + 1
      while end < text.count, !text.isCertainBreak(before: end) { end += 1 }
      if end == start + 1 {
        if charsmap.keeps(text[start].scalar) {
          result.append(text[start])
          start = end
          continue
        }
        append(text[start..<end], to: &result)
      } else {
        for character in text[start..<end].string {
          let next = start + character.unicodeScalars.count
          append(cluster: text[start..<min(next, end)], to: &result)
          start = next
        }
      }
      start = end
    }
    // What goes at the beginning belongs to what comes first: it still begins the text.
    if let first = text.first, !result.isEmpty { result[0].start = first.start }
    text = result
  }

  private func append(cluster: Word, to result: inout AlignedText) {
    let size = cluster.reduce(0) { $0 + UTF8.width($1.scalar) }
    if size < Self.byteLimit, append(replacementOf: cluster, to: &result) { return }
    for index in cluster.indices { append(cluster[index...index], to: &result) }
  }

  private func append(_ scalar: Word, to result: inout AlignedText) {
    if !append(replacementOf: scalar, to: &result) { result += scalar }
  }

  private func append(replacementOf stretch: Word, to result: inout AlignedText) -> Bool {
    guard let replacement = charsmap.shortest(in: stretch), let first = stretch.first,
      let last = stretch.last
    else { return false }
    for scalar in replacement { result.append(AlignedScalar(scalar, first.start, last.end)) }
    return true
  }
}

extension AlignedText {
  /// Whether no grapheme cluster goes across, as two plain characters tell.
  fileprivate func isCertainBreak(before index: Int) -> Bool {
    let (one, other) = (self[index - 1].scalar, self[index].scalar)
    return one.isASCII && other.isASCII && other != "\n"
  }
}

extension PrecompiledNormalizer {
  /// - Parameter json: With the map in base 64.
  /// - Throws: `.malformed` for another encoding, and what reading the map throws.
  init(_ json: JSON) throws(SmithError) {
    guard let text = json["precompiled_charsmap"]?.stringValue,
      let bytes = Data(base64Encoded: text)
    else { throw SmithError(.malformed, "Precompiled: a map that is not in base 64") }
    charsmap = try PrecompiledCharsmap([UInt8](bytes))
  }
}
