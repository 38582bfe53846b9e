import SmithBytes

extension SentencePieceConvention {
  /// The tokens that are looked for in the text, and the ids of the roles.
  func specials(
    _ vocabulary: Vocabulary, _ folder: TokenizerFolder
  ) -> (tokens: [AddedToken], ids: [String: Int]) {
    // Older programs look for added tokens in the text as it stands.
    var tokens = roles.isEmpty ? [] : folder.added.map { $0.raw }
    var ids: [String: Int] = [:]
    for role in roles {
      let setting = folder.setting(role.name + "_token")
      let text = folder.special(role.name + "_token") ?? role.text
      let added = tokens.first { Exactly.equal($0.content, text) }
      guard let id = added?.id ?? vocabulary.id(of: text) else { continue }
      ids[role.name] = id
      if added != nil { continue }
      var token = AddedToken(id: id, content: text)
      token.stripsLeft = setting?["lstrip"]?.boolValue ?? role.stripsLeft
      token.stripsRight = setting?["rstrip"]?.boolValue ?? false
      tokens.append(token)
    }
    return (tokens + sentinelTokens(vocabulary, folder), ids)
  }

  /// T5's: `<extra_id_0>` has the greatest id. mT5's model has them among its own pieces.
  private func sentinelTokens(_ vocabulary: Vocabulary, _ folder: TokenizerFolder) -> [AddedToken] {
    let name = "<extra_id_0>"
    guard sentinels > 0, vocabulary.id(of: name) == nil,
      vocabulary.id(of: String(ScoredPieces.space) + name) == nil
    else { return [] }
    let count = min(max(0, folder.setting("extra_ids")?.intValue ?? sentinels), 1 << 12)
    return (0..<count).map { index in
      var token = AddedToken(
        id: vocabulary.count + count - 1 - index, content: "<extra_id_\(index)>")
      token.stripsLeft = true
      token.stripsRight = true
      return token
    }
  }

  func template(
    _ ids: [String: Int], _ folder: TokenizerFolder
  ) throws(SmithError) -> TokenTemplate {
    TokenTemplate(
      single: try parts(single, ids, folder), pair: try parts(pair, ids, folder))
  }

  private func parts(
    _ parts: [Part], _ ids: [String: Int], _ folder: TokenizerFolder
  ) throws(SmithError) -> [TokenTemplate.Part] {
    var result: [TokenTemplate.Part] = []
    for part in parts {
      switch part {
      case .text(let index, let type): result.append(.text(index, type: type))
      case .special(let name, let type, let setting, let usual):
        guard setting.flatMap({ folder.setting($0)?.boolValue }) ?? usual else { continue }
        guard let id = ids[name] else {
          let text = roles.first { $0.name == name }?.text ?? name
          throw SmithError(.missing, "the model of \(families[0]) has no \(text)")
        }
        result.append(.special(id: id, type: type))
      }
    }
    return result
  }
}

extension AddedToken {
  /// Looked for in the text as it stands.
  fileprivate var raw: AddedToken {
    var token = self
    token.isNormalized = false
    return token
  }
}
