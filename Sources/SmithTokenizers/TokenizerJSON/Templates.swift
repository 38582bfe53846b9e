import SmithBytes

/// `post_processor` of a tokenizer.json.
enum Templates: TokenizerStage {
  static let key = "post_processor"
  static let sequenceKey = "processors"
  static let table: [String: @Sendable (JSON) throws(SmithError) -> TokenTemplate?] = [
    "BertProcessing": { json throws(SmithError) in
      .bert(cls: try token(json, "cls"), sep: try token(json, "sep"))
    },
    "RobertaProcessing": { json throws(SmithError) in
      var template = TokenTemplate.roberta(cls: try token(json, "cls"), sep: try token(json, "sep"))
      template.trimming = trimming(json)
      return template
    },
    "ByteLevel": { json in
      var template = TokenTemplate.bare
      template.trimming = trimming(json)
      return template
    },
    "TemplateProcessing": { json throws(SmithError) in
      let ids = json["special_tokens"]
      return TokenTemplate(
        single: try parts(json["single"], ids), pair: try parts(json["pair"], ids))
    },
  ]

  /// The one template among the parts; none puts nothing around.
  static func read(_ json: JSON?) throws(SmithError) -> TokenTemplate {
    let all: [TokenTemplate?] = try read(json)
    let trimmings = all.compactMap { $0?.trimming }
    let bare = TokenTemplate.bare
    let templates = all.compactMap { $0 }.filter {
      $0.single != bare.single || $0.pair != bare.pair
    }
    guard templates.count <= 1, trimmings.count <= 1 else {
      throw SmithError(.unsupported, "\(key) with \(all.count) templates")
    }
    var template = templates.first ?? .bare
    template.trimming = trimmings.first
    return template
  }

  /// Nil where offsets stay as they are.
  private static func trimming(_ json: JSON) -> OffsetTrimming? {
    guard json.flag("trim_offsets", true) else { return nil }
    return OffsetTrimming(addsSpace: json.flag("add_prefix_space", true))
  }

  /// `"sep": ["[SEP]", 102]`.
  static func token(_ json: JSON, _ key: String) throws(SmithError) -> Int {
    try id(json[key]?[1], of: key)
  }

  private static func id(_ json: JSON?, of name: String) throws(SmithError) -> Int {
    guard let id = json?.intValue, (0..<Vocabulary.countLimit).contains(id) else {
      throw SmithError(
        .malformed, "\(key): the id \(json?.serialized() ?? "none")", at: Place(item: name))
    }
    return id
  }

  private static func parts(
    _ json: JSON?, _ ids: JSON?
  ) throws(SmithError) -> [TokenTemplate.Part] {
    var parts: [TokenTemplate.Part] = []
    let elements = json?.arrayValue ?? []
    guard elements.count <= 256 else {
      throw SmithError(.limit, "\(key): a template of \(elements.count) parts")
    }
    for element in elements {
      if let sequence = element["Sequence"] {
        let index = sequence["id"]?.stringValue == "B" ? 1 : 0
        parts.append(.text(index, type: sequence["type_id"]?.intValue ?? 0))
        continue
      }
      guard let special = element["SpecialToken"], let name = special["id"]?.stringValue,
        let values = ids?[name]?["ids"]?.arrayValue
      else { throw SmithError(.malformed, "\(key): a part that is no text and no known token") }
      let type = special["type_id"]?.intValue ?? 0
      for value in values { parts.append(.special(id: try id(value, of: name), type: type)) }
    }
    return parts
  }
}
