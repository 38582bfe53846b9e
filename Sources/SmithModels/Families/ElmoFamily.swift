import SmithBytes

extension Family {
  /// ELMo (Peters et al. 2018; bilm-tf and AllenNLP; models §11): characters to words by convolutions and highways, then two stacks of
  /// LSTMs that read a sentence from either end. A task's mixes of the layers are there only in AllenNLP's modules.
  public static let elmo = Family(
    name: "elmo",
    architecture: ElmoArchitecture(),
    parameters: elmoEmbeddings + elmoBlock + elmoMixes,
    anchors: ["embeddings.character", "blocks.{b}.forward.inputGate.input.weight"],
    dialects: [elmoOriginal, elmoTraining, elmoModule],
    demanded: [.allennlp: ["projection", "stateProjection"]],
    counts: ["f": .convolutions, "h": .highways, "m": .mixes, "l": .outputs],
    classes: [], heads: [])

  private static let elmoEmbeddings: [[ParameterRow]] = [
    ParameterRow.table("embeddings.character", .characters, .characterWidth),
    [
      ParameterRow(
        "embeddings.convolutions.{f}.weight",
        [.each("count", of: "f"), .each("width", of: "f"), .size(.characterWidth)]),
      ParameterRow("embeddings.convolutions.{f}.bias", [.each("count", of: "f")]),
    ],
    ParameterRow.linear("embeddings.highways.{h}.carry", .filters, .filters),
    ParameterRow.linear("embeddings.highways.{h}.transform", .filters, .filters),
    [
      ParameterRow(
        "embeddings.projection.weight", [.size(.hidden), .size(.filters)], part: "projection",
        neutral: .identity),
      ParameterRow(
        "embeddings.projection.bias", [.size(.hidden)], part: "projection", neutral: .zeros),
    ],
  ]

  /// A layer's two cells. Their maps to the state's width are left out where the memory has it, and with them the clip behind.
  private static let elmoBlock: [[ParameterRow]] = ElmoTaps.directions.map { direction in
    let cell = "blocks.{b}.\(direction)"
    let gates = elmoGates.flatMap { gate, _, _ in
      [
        ParameterRow("\(cell).\(gate).input.weight", [.size(.cell), .size(.hidden)]),
        ParameterRow("\(cell).\(gate).state.weight", [.size(.cell), .size(.hidden)]),
        ParameterRow("\(cell).\(gate).bias", [.size(.cell)]),
      ]
    }
    let map = ParameterRow(
      "\(cell).projection.weight", [.size(.hidden), .size(.cell)], part: "stateProjection",
      neutral: .identity, neutralWithout: .stateClip)
    return gates + [map]
  }

  private static let elmoMixes: [[ParameterRow]] = [
    [
      ParameterRow("mixes.{m}.weights.{l}", [.exactly(1)], part: "mixes"),
      ParameterRow("mixes.{m}.gamma", [.exactly(1)], part: "mixes"),
    ]
  ]

  /// The gates with their places in TensorFlow's kernels and in AllenNLP's.
  private static let elmoGates = [
    ("inputGate", 0, 0), ("candidate", 1, 2), ("forgetGate", 2, 1), ("outputGate", 3, 3),
  ]

  // MARK: TensorFlow's layouts

  /// The names of a cell's three tensors.
  private typealias ElmoCell = (kernel: String, bias: String, map: String)

  /// The kernel is [P + P, 4·D]: the input's rows above the state's, four gates side by side. The forget gate's bias lacks the 1 that is
  /// added at run time.
  private static func elmoCells(
    _ scope: (_ direction: Int) -> String, _ names: ElmoCell, role: Rule.Role = .name,
    layers: ClosedRange<Int>? = nil
  ) -> [Rule] {
    ElmoTaps.directions.enumerated().flatMap { index, direction -> [Rule] in
      let (cell, stored) = ("blocks.{b}.\(direction)", scope(index))
      func rule(_ canonical: String, _ name: String, _ step: Rule.Step) -> Rule {
        Rule("\(cell).\(canonical)", stored + name, step, role: role, layers: layers)
      }
      let gates = elmoGates.flatMap { gate, place, _ in
        [
          rule(
            "\(gate).input.weight", names.kernel,
            .chain([.part(0, of: 2), .transpose, .part(place, of: 4)])),
          rule(
            "\(gate).state.weight", names.kernel,
            .chain([.part(1, of: 2), .transpose, .part(place, of: 4)])),
          rule("\(gate).bias", names.bias, .part(place, of: 4)),
        ]
      }
      return gates + [rule("projection.weight", names.map, .transpose)]
    }
  }

  /// What stands before the LSTMs. Filters are [1, w, c, n].
  private static func elmoCharacters(_ scope: String) -> [Rule] {
    [
      Rule("embeddings.character", scope + "char_embed"),
      Rule(
        "embeddings.convolutions.{f}.weight", scope + "CNN/W_cnn_{f}",
        .chain([.squeeze, .permute([2, 0, 1])])),
      Rule("embeddings.convolutions.{f}.bias", scope + "CNN/b_cnn_{f}"),
      Rule("embeddings.projection.weight", scope + "CNN_proj/W_proj", .transpose),
      Rule("embeddings.projection.bias", scope + "CNN_proj/b_proj"),
    ]
      + ["carry", "transform"].flatMap { role in
        [
          Rule(
            "embeddings.highways.{h}.\(role).weight", scope + "CNN_high_{h}/W_\(role)", .transpose),
          Rule("embeddings.highways.{h}.\(role).bias", scope + "CNN_high_{h}/b_\(role)"),
        ]
      }
  }

  /// `weights.hdf5`, which both programs load. What bilm-tf dumped of one layer, neither of them finds.
  private static let elmoOriginal: Dialect = {
    let names = ("W_0", "B", "W_P_0")
    var dialect = Dialect(
      name: .original,
      rules: [
        elmoCharacters(""),
        elmoCells({ "RNN_\($0)/RNN/MultiRNNCell/Cell{b}/LSTMCell/" }, names),
        elmoCells({ "RNN_\($0)/RNN/LSTMCell/" }, names, role: .oldName, layers: 1...1),
      ],
      ignored: [], schedule: .sequential, configuration: .elmo)
    dialect.homes = [Dialect.Home("hdf5", file: "weights.hdf5")]
    return dialect
  }()

  /// The variables of bilm-tf's training graph, which has no `MultiRNNCell` around a single layer.
  private static let elmoTraining: Dialect = {
    let names = ("kernel", "bias", "projection/kernel")
    var dialect = Dialect(
      name: .bilm,
      rules: [
        elmoCharacters("lm/"),
        elmoCells(
          { "lm/RNN_\($0)/rnn/multi_rnn_cell/cell_{b}/lstm_cell/" }, names,
          layers: 2...ConfigurationReader.mostBlocks),
        elmoCells({ "lm/RNN_\($0)/rnn/lstm_cell/" }, names, layers: 1...1),
      ],
      ignored: [
        Dialect.Ignored(.ending("/Adagrad"), because: "optimizer slot"),
        Dialect.Ignored(.beginning("lm/softmax/"), because: "the training's softmax over words"),
        Dialect.Ignored(.whole(NamePattern("global_step")), because: "step counter"),
        Dialect.Ignored(
          .whole(NamePattern("train_perplexity")), because: "measure of the training"),
      ],
      schedule: .sequential, configuration: .elmoTraining)
    dialect.homes = [Dialect.Home("tf")]
    return dialect
  }()

  // MARK: AllenNLP's layouts

  /// A module `Elmo`, or the `_ElmoBiLm` in it: kernels [4·D, P] with the forget gate second, its bias with the 1; highways with the
  /// transform above a carry of the opposite sign; a row of zeros for characters that are not there.
  private static let elmoModule: Dialect = {
    let cells = ElmoTaps.directions.flatMap { direction -> [Rule] in
      let (cell, stored) = (
        "blocks.{b}.\(direction)", "_elmo_lstm._elmo_lstm.\(direction)_layer_{b}."
      )
      let gates = elmoGates.flatMap { gate, _, place -> [Rule] in
        let part = Rule.Step.part(place, of: 4)
        return [
          Rule("\(cell).\(gate).input.weight", stored + "input_linearity.weight", part),
          Rule("\(cell).\(gate).state.weight", stored + "state_linearity.weight", part),
          Rule(
            "\(cell).\(gate).bias", stored + "state_linearity.bias",
            gate == "forgetGate" ? .chain([part, .add(-1)]) : part),
        ]
      }
      return gates + [Rule("\(cell).projection.weight", stored + "state_projection.weight")]
    }
    var dialect = Dialect(
      name: .allennlp,
      rules: [
        elmoModuleCharacters("_elmo_lstm._token_embedder."), cells,
        [
          Rule("mixes.{m}.weights.{l}", "scalar_mix_{m}.scalar_parameters.{l}"),
          Rule("mixes.{m}.gamma", "scalar_mix_{m}.gamma"),
        ],
      ],
      ignored: [
        Dialect.Ignored(
          .ending("_beginning_of_sentence_characters"), because: "buffer, a marker's characters"),
        Dialect.Ignored(
          .ending("_end_of_sentence_characters"), because: "buffer, a marker's characters"),
      ],
      wrappers: ["", "module.", "_elmo."], scope: "_elmo_lstm.", otherScopes: [""],
      schedule: .sequential, configuration: .elmoModule)
    dialect.homes = [Dialect.Home("torch"), Dialect.Home("safetensors"), Dialect.Home("npz")]
    return dialect
  }()

  /// Filters are [n, c, w].
  private static func elmoModuleCharacters(_ scope: String) -> [Rule] {
    let highways = [("transform", Rule.Step.part(0, of: 2)), ("carry", .part(1, of: 2))].flatMap {
      role, part in
      ["weight", "bias"].map { tensor in
        Rule(
          "embeddings.highways.{h}.\(role).\(tensor)", scope + "_highways._layers.{h}.\(tensor)",
          role == "carry" ? .chain([part, .negate]) : part)
      }
    }
    return [
      Rule("embeddings.character", scope + "_char_embedding_weights", .belowZeros(1)),
      Rule(
        "embeddings.convolutions.{f}.weight", scope + "char_conv_{f}.weight", .permute([0, 2, 1])),
      Rule("embeddings.convolutions.{f}.bias", scope + "char_conv_{f}.bias"),
      Rule("embeddings.projection.weight", scope + "_projection.weight"),
      Rule("embeddings.projection.bias", scope + "_projection.bias"),
    ] + highways
  }
}

extension ConfigurationDialect {
  /// `options.json` of bilm-tf and AllenNLP, with objects within objects. Beside weights it counts a character more than the table has
  /// rows; one that training wrote was often left as it was.
  static let elmo = ConfigurationDialect(
    fileNames: ["options.json"],
    sizeKeys: [
      (.characterWidth, "char_cnn.embedding.dim"),
      (.wordLength, "char_cnn.max_characters_per_token"),
      (.characters, "char_cnn.n_characters"), (.highways, "char_cnn.n_highway"),
      (.cell, "lstm.dim"), (.layers, "lstm.n_layers"), (.hidden, "lstm.projection_dim"),
    ],
    activations: [("relu", .relu), ("tanh", .tanh)],
    defaults: ["lstm.cell_clip": .null, "lstm.proj_clip": .null],
    maskValue: .lowestFinite,
    carriedKeys: [
      "all_clip_norm_val", "batch_size", "dropout", "learning_rate", "n_epochs", "n_gpus",
      "n_negative_samples_batch", "n_tokens_vocab", "n_train_tokens", "sample_softmax",
      "share_embedding_softmax", "unroll_steps",
    ]
  ).with {
    $0.activationKey = "char_cnn.activation"
    $0.settingKeys = [
      (.filters, "char_cnn.filters"), (.cellClip, "lstm.cell_clip"),
      (.stateClip, "lstm.proj_clip"), (.skipsConnections, "lstm.use_skip_connections"),
    ]
    // 256 bytes and the markers of words and sentences.
    $0.fixedSizes = [.characters: 261]
    $0.offsets = [.characters: [1, 0]]
    $0.pairedEndings = ("options.json", "weights.hdf5")
  }

  /// What training reads and writes: characters as many as rows, both directions asked for.
  static let elmoTraining = elmo.with {
    $0.offsets = [.characters: [0, 1]]
    $0.constants = ["bidirectional": true]
    $0.defaults["lstm.use_skip_connections"] = false
  }

  /// AllenNLP's code always has words of 50 characters and connections around every layer but the first. Whether mixes are normed is an
  /// argument of the module, which no file of its own says.
  static let elmoModule = elmo.with {
    $0.fixedSizes[.wordLength] = 50
    $0.fixedSettings = [.skipsConnections: true]
    $0.settingKeys.append((.normsMixes, "do_layer_norm"))
  }
}
