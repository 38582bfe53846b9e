import SmithBytes
import SmithTokenizers

extension TokenEncoding {
  /// Ids and tokens; the code points that each covers, and which text each belongs to.
  public var json: JSON {
    [
      "ids": .array(ids.map(JSON.integer)), "tokens": .array(tokens.map(JSON.string)),
      "types": .array(types.map(JSON.integer)),
      "offsets": .array(
        offsets.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) }),
    ]
  }
}
