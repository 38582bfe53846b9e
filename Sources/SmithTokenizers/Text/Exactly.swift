/// Texts byte for byte: Swift's own comparison takes a composed and a decomposed é for one, and does not find what a combining mark follows.
enum Exactly {
  static func equal(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

  static func replacing(_ text: String, in whole: String, with new: String) -> String {
    let (bytes, wanted) = (Array(whole.utf8), Array(text.utf8))
    guard let first = wanted.first, bytes.contains(first) else { return whole }
    var result: [UInt8] = []
    var position = 0
    while position < bytes.count {
      if bytes[position] == first, bytes[position...].starts(with: wanted) {
        result += new.utf8
        position += wanted.count
      } else {
        result.append(bytes[position])
        position += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
