import SmithBytes
import SmithTensors

extension SafetensorsField {
  /// The fields at a glance, in the order and the spacing of the two writers that nearly all files come from: the reference
  /// crate and Python's `json.dumps`. Nil for any other spelling, right or wrong.
  static func usual(_ text: Span<UInt8>, _ position: inout Int) -> SafetensorsField? {
    guard text.skip("{\"dtype\":", at: &position) else { return nil }
    let isSpaced = text.skip(" ", at: &position)
    guard text.skip("\"", at: &position), let word = text.word(at: &position),
      let dtype = DType(safetensors: word),
      text.skip(isSpaced ? ", \"shape\": " : ",\"shape\":", at: &position),
      let shape = dimensions(text, &position, isSpaced),
      text.skip(isSpaced ? ", \"data_offsets\": " : ",\"data_offsets\":", at: &position),
      text.skip("[", at: &position), let begin = text.digits(at: &position),
      text.skip(isSpaced ? ", " : ",", at: &position), let end = text.digits(at: &position),
      text.skip("]}", at: &position)
    else { return nil }
    return SafetensorsField(dtype: dtype, shape: shape, offsets: (begin, end))
  }

  private static func dimensions(
    _ text: Span<UInt8>, _ position: inout Int, _ isSpaced: Bool
  ) -> [Int]? {
    guard text.skip("[", at: &position) else { return nil }
    var shape: [Int] = []
    if text.skip("]", at: &position) { return shape }
    while shape.count < SafetensorsHeader.maxRank, let dimension = text.digits(at: &position) {
      shape.append(dimension)
      if text.skip("]", at: &position) { return shape }
      guard text.skip(isSpaced ? ", " : ",", at: &position) else { return nil }
    }
    return nil
  }
}
