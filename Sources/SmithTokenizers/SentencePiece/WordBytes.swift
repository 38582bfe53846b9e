/// A word in UTF-8.
struct WordBytes {
  var bytes: [UInt8] = []
  /// By byte: the word's index that it belongs to.
  var places: [Int32] = []

  init(_ word: Word) {
    bytes.reserveCapacity(word.count + word.count / 2)
    places.reserveCapacity(word.count + word.count / 2)
    for index in word.indices {
      let place = Int32(truncatingIfNeeded: index)
      let scalar = word[index].scalar
      if scalar.isASCII {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        places.append(place)
        continue
      }
      for byte in UTF8.encode(scalar).unsafelyUnwrapped {
        bytes.append(byte)
        places.append(place)
      }
    }
    places.append(Int32(truncatingIfNeeded: word.endIndex))
  }
}
