/// What a family of models puts around a SentencePiece model: what happens to the text before, which tokens stand around it, and which
/// of them are looked for in it. None of that is in the model's file (models §13.4).
struct SentencePieceConvention: Sendable {
  /// A token's place: what it is called in the settings, and how it is spelled where they do not say.
  struct Role: Sendable {
    let name: String
    let text: String
    /// Takes the white space on its left along.
    var stripsLeft = false
  }

  /// A part of what stands around a text.
  enum Part: Sendable {
    case text(Int, type: Int)
    /// By the name of its role; where a setting decides whether it stands there, that and what it usually says.
    case special(String, type: Int, setting: String? = nil, usual: Bool = true)
  }

  /// As the program calls them; the first names the convention.
  let families: [String]
  /// Names of files that belong to no other convention.
  var files: [String] = []
  /// Pieces by which a model is known where nothing else tells; none: never.
  var marks: [String] = []
  /// Pieces that such a model does not have.
  var lacks: [String] = []
  var roles: [Role] = []
  var single: [Part] = [.text(0, type: 0)]
  var pair: [Part] = [.text(0, type: 0), .text(1, type: 1)]
  /// What the text goes through first, where the settings say nothing else.
  var cleaning: TextCleaning?
  var splitsCommas = false
  /// Whether the settings may ask for a space at the beginning only, not after every token (`legacy`).
  var knowsLegacy = false
  /// How many `<extra_id_0>`, … follow the pieces, counted backwards.
  var sentinels = 0
  /// Fairseq's ids: how many of the model's first pieces go, and what stands instead.
  var dropsPieces = 0
  var before: [ModelProto.Piece] = []
  var after: [ModelProto.Piece] = []
}

extension SentencePieceConvention {
  /// All conventions. The last one is SentencePiece by itself.
  static let all: [SentencePieceConvention] = [
    SentencePieceConvention(
      families: ["albert"], marks: ["[CLS]", "[SEP]"],
      roles: [
        Role(name: "unk", text: "<unk>"), Role(name: "cls", text: "[CLS]"),
        Role(name: "sep", text: "[SEP]"), Role(name: "pad", text: "<pad>"),
        Role(name: "mask", text: "[MASK]", stripsLeft: true),
      ],
      single: [.special("cls", type: 0), .text(0, type: 0), .special("sep", type: 0)],
      pair: [
        .special("cls", type: 0), .text(0, type: 0), .special("sep", type: 0), .text(1, type: 1),
        .special("sep", type: 1),
      ],
      cleaning: TextCleaning(), splitsCommas: true),
    SentencePieceConvention(
      families: ["xlnet"], marks: ["<cls>", "<sep>", "<eop>"],
      roles: [
        Role(name: "unk", text: "<unk>"), Role(name: "bos", text: "<s>"),
        Role(name: "eos", text: "</s>"), Role(name: "cls", text: "<cls>"),
        Role(name: "sep", text: "<sep>"), Role(name: "pad", text: "<pad>"),
        Role(name: "mask", text: "<mask>", stripsLeft: true), Role(name: "eod", text: "<eod>"),
        Role(name: "eop", text: "<eop>"),
      ],
      single: [.text(0, type: 0), .special("sep", type: 0), .special("cls", type: 2)],
      pair: [
        .text(0, type: 0), .special("sep", type: 0), .text(1, type: 1), .special("sep", type: 1),
        .special("cls", type: 2),
      ],
      cleaning: TextCleaning(lowercases: false), splitsCommas: true),
    SentencePieceConvention(
      families: ["llama", "mistral", "gemma"], marks: ["<s>", "</s>", "<0x00>"],
      roles: [
        Role(name: "unk", text: "<unk>"), Role(name: "bos", text: "<s>"),
        Role(name: "eos", text: "</s>"), Role(name: "pad", text: "<pad>"),
      ],
      single: begun + [.text(0, type: 0)] + ended(0),
      pair: begun + [.text(0, type: 0)] + ended(0) + begun1 + [.text(1, type: 1)] + ended(1),
      knowsLegacy: true),
    SentencePieceConvention(
      families: ["xlm-roberta", "xlm_roberta", "xlmr"], files: ["sentencepiece.bpe.model"],
      roles: fairseqRoles, single: fairseqSingle, pair: fairseqPair, dropsPieces: 3,
      before: fairseqPieces, after: [ModelProto.Piece(text: "<mask>", kind: .control)]),
    SentencePieceConvention(
      families: ["camembert"], roles: fairseqRoles, single: fairseqSingle, pair: fairseqPair,
      dropsPieces: 1,
      before: [
        ModelProto.Piece(text: "<s>NOTUSED", kind: .control),
        ModelProto.Piece(text: "<pad>", kind: .control),
        ModelProto.Piece(text: "</s>NOTUSED", kind: .control),
        ModelProto.Piece(text: "<unk>", kind: .unknown),
        ModelProto.Piece(text: "<unk>NOTUSED", kind: .control),
      ],
      after: [ModelProto.Piece(text: "<mask>", kind: .control)]),
    SentencePieceConvention(
      families: ["t5", "mt5"], marks: ["<pad>", "</s>"], lacks: ["<s>"],
      roles: [
        Role(name: "unk", text: "<unk>"), Role(name: "eos", text: "</s>"),
        Role(name: "pad", text: "<pad>"),
      ],
      single: [.text(0, type: 0), .special("eos", type: 0)],
      pair: [
        .text(0, type: 0), .special("eos", type: 0), .text(1, type: 0), .special("eos", type: 0),
      ],
      knowsLegacy: true, sentinels: 100),
    SentencePieceConvention(families: ["sentencepiece"]),
  ]

  private static let begun = [Part.special("bos", type: 0, setting: "add_bos_token")]
  private static let begun1 = [Part.special("bos", type: 1, setting: "add_bos_token")]
  private static func ended(_ type: Int) -> [Part] {
    [.special("eos", type: type, setting: "add_eos_token", usual: false)]
  }

  private static let fairseqRoles = [
    Role(name: "bos", text: "<s>"), Role(name: "eos", text: "</s>"),
    Role(name: "unk", text: "<unk>"), Role(name: "cls", text: "<s>"),
    Role(name: "sep", text: "</s>"), Role(name: "pad", text: "<pad>"),
    Role(name: "mask", text: "<mask>", stripsLeft: true),
  ]
  private static let fairseqSingle: [Part] = [
    .special("cls", type: 0), .text(0, type: 0), .special("sep", type: 0),
  ]
  private static let fairseqPair: [Part] =
    fairseqSingle + [.special("sep", type: 0), .text(1, type: 0), .special("sep", type: 0)]
  private static let fairseqPieces = [
    ModelProto.Piece(text: "<s>", kind: .control), ModelProto.Piece(text: "<pad>", kind: .control),
    ModelProto.Piece(text: "</s>", kind: .control),
    ModelProto.Piece(text: "<unk>", kind: .unknown),
  ]

  /// The convention for a model: its family's, else that of its file's name, else the one that its pieces tell.
  static func of(_ model: ModelProto, file: String, family: String?) -> SentencePieceConvention {
    let texts = Set(model.pieces.prefix(1024).map(\.text))
    return all.first { family.map($0.families.contains) ?? false }
      ?? all.first { $0.files.contains(file) }
      ?? all.first { one in
        !one.marks.isEmpty && one.marks.allSatisfy(texts.contains)
          && !one.lacks.contains(where: texts.contains)
      } ?? all[all.count - 1]
  }
}
