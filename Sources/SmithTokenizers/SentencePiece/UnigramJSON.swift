import SmithBytes

extension Unigram {
  /// A vocabulary of the form `[[piece, score], …]`, as tokenizer.json has it: every piece is found in text.
  ///
  /// - Throws: `.malformed` for entries of another form, `.missing` without an unknown piece.
  init(_ json: JSON) throws(SmithError) {
    guard let entries = json["vocab"]?.arrayValue else {
      throw SmithError(.malformed, "the model has no vocab of pieces and scores")
    }
    var scores: [Double] = []
    var pieces: [ModelProto.Piece] = []
    for entry in entries {
      guard let text = entry[0]?.stringValue, let score = entry[1]?.doubleValue, score.isFinite
      else {
        throw SmithError(.malformed, "the vocab has no piece and score at \(pieces.count)")
      }
      pieces.append(ModelProto.Piece(text: text, score: Float(score)))
      scores.append(score)
    }
    guard let unknown = json["unk_id"]?.intValue, pieces.indices.contains(unknown) else {
      throw SmithError(.missing, "the model has no piece for the unknown")
    }
    pieces[unknown].kind = .unknown
    try self.init(
      ScoredPieces(listed: pieces, fallsBackToBytes: json.flag("byte_fallback", false)),
      scores: scores)
  }
}
