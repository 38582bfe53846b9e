import SmithBytes
import TestSupport
import Testing

/// What a user sees, whole. One row is one command line.
@Suite struct SnapshotTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var arguments: [String]
    var testDescription: String { name }

    init(_ name: String, _ arguments: String...) {
      self.name = name
      self.arguments = arguments
    }
  }

  static let albert = "data/models/albert/google_tf"
  static let electra = "data/models/electra/google_tf"
  static let rows = [
    Row("version", "--version"),
    Row("help", "--help"),
    Row("help-inspect", "inspect", "--help"),
    Row("help-convert", "convert", "--help"),
    Row("help-transform", "transform", "--help"),
    Row("help-quantize", "quantize", "--help"),
    Row("help-verify", "verify", "--help"),
    Row("help-run", "run", "--help"),
    Row("help-tokenize", "tokenize", "--help"),
    Row("tokenize", "tokenize", "data/trained/tiny_bert/hf", "The capitál of [MASK]\u{2026} zebra"),
    Row(
      "tokenize-pair-json", "tokenize", "data/trained/tiny_bert/hf/vocab.txt", "the river",
      "--pair",
      "the sea", "--maximum", "6", "--json"),
    Row("tokenize-decode", "tokenize", "data/trained/tiny_bert/hf", "2,4,125 3", "--decode"),
    Row("tokenize-decode-words", "tokenize", "data/trained/tiny_bert/hf", "two", "--decode"),
    Row(
      "tokenize-no-such-family", "tokenize", "data/trained/tiny_bert/hf", "a", "--family", "brat"),
    Row("tokenize-maximum", "tokenize", "data/trained/tiny_bert/hf", "a", "--maximum", "1"),
    Row(
      "run-tokenizer-unused", "run", "data/trained/tiny_bert/hf", "--ids", "2 3", "--tokenizer", "x"
    ),
    Row("tokenize-nothing-there", "tokenize", "data/models/bert/hf", "a"),
    Row("tokenize-absent", "tokenize", "data/models/bert/no_such", "a"),
    Row("tokenize-no-tokenizer", "tokenize", "data/models/bert/hf/config.json", "a"),
    Row(
      "run-answers", "run", "data/trained/tiny_bert/hf", "--text",
      "[MASK] is the capital of japan .", "--text", "four plus three makes [MASK] .", "--top", "2"),
    Row("run-answers-to-nothing", "run", "data/trained/tiny_bert/hf", "--top", "1"),
    Row("run-text-no-tokenizer", "run", "data/models/bert/hf", "--text", "a"),
    Row(
      "verify-text", "verify", "data/trained/tiny_bert/hf", "data/trained/tiny_bert/hf", "--text",
      "the cat"),
    Row("run-bad-input", "run", "data/elmo/bilm", "--text", "a", "--ids", "1"),
    Row("inspect-albert", "inspect", albert),
    Row("inspect-albert-json", "inspect", albert, "--json", "--match", "*pooler*"),
    Row("inspect-slots", "inspect", "data/models/bert/google_tf_slots", "--match", "global_step"),
    Row("inspect-tree", "inspect", "data/models/bert/hf", "--tree", "--match", "*layer.0*"),
    Row("inspect-stats", "inspect", "data/models/albert/hf", "--stats", "--match", "*LayerNorm*"),
    Row(
      "inspect-keras", "inspect", "data/models/albert/hf/tf_model.h5", "--match",
      "*predictions/bias*"),
    Row("inspect-elmo", "inspect", "data/elmo/bilm", "--match", "lm/char_embed"),
    Row("convert-elmo", "convert", "data/elmo/bilm", "out", "--to", "torch"),
    Row("verify-elmo-ids", "verify", "data/elmo/bilm", "data/elmo/bilm", "--ids", "1,2"),
    Row("inspect-torch-training", "inspect", "data/torch/training.pt"),
    Row(
      "convert-torch-fairseq", "convert",
      "data/models/roberta/fairseq_style/model_split_qkv_encoder_prefix.pt", "out", "--to",
      "safetensors", "--names", "keep"),
    Row(
      "inspect-fairseq", "inspect",
      "data/models/roberta/fairseq_style/model_fused_qkv_decoder_prefix.pt", "--match", "*in_proj*"),
    Row(
      "convert-to-fairseq", "convert",
      "data/models/roberta/fairseq_style/model_fused_qkv_decoder_prefix.pt", "out", "--to", "torch",
      "--names", "fairseq"),
    Row(
      "convert-several-heads", "convert",
      "data/models/roberta/fairseq_untied_sequence/model.pt", "out"),
    Row(
      "inspect-model-garden", "inspect", "data/models/bert/model_garden_nsp/bert_model.ckpt-1",
      "--match", "*layer_0*"),
    Row("convert-to-torch", "convert", "data/models/bert/hf", "out", "--to", "torch"),
    Row("inspect-unknown", "inspect", "data/formats/safetensors_basic.safetensors"),
    Row("inspect-absent", "inspect", "absent"),
    Row("inspect-no-checkpoint", "inspect", "data/models/albert/hf/config.json"),
    Row("convert-dry-run", "convert", albert, "out", "--dry-run"),
    Row("convert", "convert", albert, "out"),
    Row("convert-slots", "convert", "data/models/albert/google_tf_slots", "out"),
    Row("convert-json", "convert", "data/models/bert/hf", "out", "--to", "tf", "--json"),
    Row("convert-unknown-container", "convert", albert, "out", "--to", "docx"),
    Row("convert-unknown-names", "convert", albert, "out", "--names", "latin"),
    Row("convert-to-keras", "convert", albert, "out", "--to", "keras"),
    Row("convert-bad-shard-size", "convert", albert, "out", "--max-shard-size", "many"),
    Row("transform-unshare", "transform", albert, "out", "--unshare"),
    Row("transform-nothing", "transform", albert, "out"),
    Row("quantize-unknown", "quantize", albert, "out", "--scheme", "q1"),
    Row(
      "quantize", "quantize", "data/trained/tiny_albert/google_tf", "out", "--scheme",
      "int8-channel"),
    Row("verify-bad-ids", "verify", albert, albert, "--ids", "1,x"),
    Row("verify-id-out-of-range", "verify", albert, albert, "--ids", "1,99"),
    Row("verify-other-model", "verify", albert, "data/models/albert/google_tf_groups"),
    Row("verify-other-sizes", "verify", albert, "data/trained/tiny_albert/hf"),
    Row(
      "verify-other-head", "verify", "data/models/bert/google_tf",
      "data/models/bert/google_tf_finetuned_classifier"),
    Row(
      "verify-against-other-model", "verify", albert, albert, "--against",
      "data/models/bert/google_tf/reference.safetensors"),
    Row(
      "verify-against-a-model", "verify", albert, albert, "--against",
      "data/models/albert/hf/model.safetensors"),
    Row("verify-cloze-of-another", "verify", albert, albert, "--cloze", "data/trained/cloze.json"),
    Row("quantize-nothing", "quantize", albert, "out", "--scheme", "q8_0"),
    Row("quantize-misspelt", "quantize", albert, "out", "--scheme", "Q4-K_M"),
    Row("quantize-read-only", "quantize", albert, "out", "--scheme", "q8_k"),
    Row(
      "quantize-substitute", "quantize", "data/trained/tiny_albert/hf", "out", "--scheme", "q4_k"),
    Row(
      "quantize-substitute-dry-run", "quantize", "data/trained/tiny_albert/hf", "out", "--scheme",
      "q6_k", "--keep", "heads.*", "--dry-run"),
    Row(
      "quantize-gptq-of-blocks", "quantize", "data/trained/tiny_bert/hf", "out", "--scheme",
      "q4_0", "--method", "gptq"),
    Row(
      "quantize-budget-unmet", "quantize", "data/trained/tiny_albert/hf", "out", "--budget",
      "kl<=-1", "--scheme", "q8_0", "--keep", "*.feedForward.*"),
    Row(
      "quantize-budget-nonsense", "quantize", "data/trained/tiny_bert/hf", "out", "--budget",
      "bits<=4"),
    Row("quantize-neither", "quantize", "data/trained/tiny_bert/hf", "out"),
    Row(
      "quantize-calibration-empty", "quantize", "data/trained/tiny_bert/hf", "out", "--scheme",
      "int4-g32", "--method", "gptq", "--calibration", "data/quantized/empty.txt"),
    Row(
      "quantize-calibration-missing", "quantize", "data/trained/tiny_bert/hf", "out", "--scheme",
      "int4-g32", "--method", "gptq", "--calibration", "data/quantized/none.txt"),
    Row("quantize-type", "quantize", "data/trained/tiny_bert/hf", "out", "--scheme", "bf16"),
    Row("convert-stranger", "convert", "data/formats/safetensors_basic.safetensors", "out"),
    Row(
      "convert-no-heads-count", "convert", "data/models/albert/hf/model.safetensors", "out",
      "--set", "num_attention_head=3"),
    Row("convert-set-contradicts", "convert", albert, "out", "--set", "hidden_size=16"),
    Row("inspect-other-family", "inspect", "data/models/xlnet/hf", "--match", "*lm_loss*"),
    Row("inspect-roberta", "inspect", "data/models/roberta/hf", "--match", "*lm_head*"),
    Row("inspect-two-models", "inspect", electra, "--match", "*predictions*"),
    Row("inspect-part", "inspect", electra, "--part", "generator", "--match", "*predictions*"),
    Row("inspect-part-json", "inspect", electra, "--json", "--match", "global_step"),
    Row("convert-two-models", "convert", electra, "out"),
    Row("convert-part", "convert", electra, "out", "--part", "generator"),
    Row("convert-no-such-part", "convert", electra, "out", "--part", "critic"),
    Row("convert-part-of-one", "convert", albert, "out", "--part", "generator"),
    Row(
      "convert-part-kept", "convert", electra, "out", "--part", "generator", "--names", "keep"),
    Row(
      "convert-other-part", "convert", "data/models/electra/hf_generator", "out", "--part",
      "discriminator"),
    Row("inspect-gguf", "inspect", "data/formats/gguf_alltypes.gguf"),
    Row("inspect-gguf-big-endian", "inspect", "data/gguf/blocks_be.gguf", "--stats"),
    Row(
      "inspect-gguf-json", "inspect", "data/gguf/split-00002-of-00003.gguf", "--json", "--match",
      "*.4.*"),
    Row(
      "convert-gguf", "convert", "data/formats/gguf_alltypes.gguf", "out.gguf", "--names", "keep"),
    Row("convert-gguf-usual-names", "convert", albert, "out", "--to", "gguf"),
    Row(
      "convert-keep-blocks", "convert", "data/formats/gguf_alltypes.gguf", "out", "--names", "keep",
      "--to", "safetensors"),
    Row(
      "convert-keep-types", "convert", "data/formats/tf_v2_dtypes", "out", "--names", "keep",
      "--to",
      "gguf"),
    Row(
      "convert-keep-dry-run", "convert", "data/gguf/blocks_le.gguf", "out", "--names", "keep",
      "--to",
      "gguf", "--dtype", "f32", "--dry-run"),
    Row(
      "convert-keep-metadata", "convert", "data/gguf/split-00001-of-00003.gguf", "out", "--names",
      "keep", "--to", "tf"),
    Row(
      "transform-share", "transform", "data/models/bert/hf", "out", "--share", "aligned",
      "--groups", "2", "--as", "albert"),
    Row(
      "transform-factorize", "transform", "data/trained/tiny_bert/hf", "out", "--factorize", "24",
      "--ids", "2,31,5,9,3"),
    Row(
      "transform-factorize-dry-run", "transform", "data/trained/tiny_bert/hf", "out",
      "--factorize", "energy=0.9", "--only", "blocks.*.feedForward.*", "--dry-run"),
    Row("transform-no-such-share", "transform", albert, "out", "--share", "median"),
    Row("transform-groups-alone", "transform", albert, "out", "--unshare", "--groups", "2"),
    Row("transform-rank-too-large", "transform", albert, "out", "--factorize", "4000"),
    Row("transform-no-rank", "transform", albert, "out", "--factorize", "half"),
    Row(
      "transform-drop", "transform", "data/models/llama/hf", "out", "--drop", "lm_head*",
      "--rename",
      "model.*=decoder.*"),
    Row(
      "transform-drop-needed", "transform", "data/models/bert/hf", "out", "--drop",
      "*.layer.1.output.*"),
    Row("transform-drop-nothing", "transform", "data/models/bert/hf", "out", "--drop", "x*"),
    Row(
      "transform-keep-as-tf", "transform", "data/models/bert/hf", "out", "--keep", "bert.*",
      "--to", "tf", "--names", "original"),
    Row("transform-rename-how", "transform", albert, "out", "--rename", "a"),
    Row(
      "transform-merge-lora", "transform", "data/models/bert/hf", "out", "--merge-lora",
      "data/adapters/plain"),
    Row(
      "transform-merge-lora-dry-run", "transform", "data/models/gpt2/hf", "out", "--merge-lora",
      "data/adapters/columns", "--dry-run"),
    Row(
      "transform-merge-lora-other", "transform", "data/models/bert/hf", "out", "--merge-lora",
      "data/adapters/columns"),
    Row(
      "transform-merge-lora-none", "transform", "data/models/bert/hf", "out", "--merge-lora", "data"
    ),
    Row(
      "convert-f16", "convert", "data/trained/tiny_bert/hf", "out", "--dtype", "f16"),
    Row(
      "transform-merge-slerp", "transform", "data/models/bert/hf", "out", "--merge",
      "data/merges/other", "--slerp", "0.3"),
    Row(
      "transform-merge-others", "transform", "data/models/bert/hf", "out", "--merge",
      "data/trained/tiny_bert/hf"),
    Row("transform-weight-alone", "transform", albert, "out", "--unshare", "--weight", "0.5"),
    Row(
      "transform-weighted-by-what", "transform", "data/models/bert/hf", "out", "--factorize", "2",
      "--weighted"),
    Row(
      "transform-weighted", "transform", "data/trained/tiny_bert/hf", "out", "--factorize", "3",
      "--weighted", "--ids", "2,31,5,9,3,17", "--only", "blocks.1.feedForward.*", "--dry-run"),
    Row(
      "transform-expand-nothing", "transform", "data/models/albert/hf", "out", "--expand-embedding"),
    Row(
      "transform-fit-embedding", "transform", "data/trained/tiny_bert/hf", "out",
      "--fit-embedding", "32", "--ids", "2,31,5,9,3,17"),
    Row(
      "transform-no-calibration", "transform", "data/models/bert/hf", "out", "--share", "lsq",
      "--calibration", "absent"),
    Row("verify-bad-policy", "verify", albert, albert, "--policy", "good"),
  ]

  @Test(arguments: rows)
  func `prints exactly this`(row: Row) throws {
    let scratch = try Scratch()
    let run = try CommandRun(row.arguments, in: scratch)
    #expect(try Snapshot.matches(run, row.name))
  }

  /// What a transform did, for programs.
  @Test func `reports as JSON`() throws {
    let scratch = try Scratch()
    let run = try CommandRun(
      [
        "transform", "data/trained/tiny_bert/hf", "out", "--factorize", "8", "--json", "--ids",
        "2,31,5,9,3",
      ], in: scratch)
    let json = try #require(JSON.parse(Array(run.output.utf8)).objectValue)
    let report = try #require(json["report"]?.objectValue)
    #expect(report["before"]?["parameters"]?.intValue == 192_582)
    #expect(report["changed"]?.arrayValue?.count == 1)
    let logits = try #require(
      report["layers"]?.arrayValue?.first { $0["name"] == .string("heads.mlm.logits") })
    let five = try #require(logits["topFive"]?.doubleValue)
    #expect(five > 0.2 && five < 1 && (five * 25).rounded() / 25 == five)
    #expect(json["findings"]?.arrayValue?.count == 1 && json["verified"]?.boolValue == true)
  }

  /// Its digits are each processor's own.
  @Test func `findings as JSON`() throws {
    let scratch = try Scratch()
    let run = try CommandRun(
      [
        "transform", "data/trained/tiny_bert/hf", "out", "--factorize", "8", "--dry-run", "--json",
      ], in: scratch)
    let json = try #require(JSON.parse(Array(run.output.utf8)).objectValue)
    let finding = try #require(json["findings"]?.arrayValue?.first?.objectValue)
    let row = try #require(finding["rows"]?.arrayValue?.first?.objectValue)
    #expect(row["parameter"] == .string("embeddings.word"))
    #expect(row["rank"] == .integer(8))
    #expect(abs((row["energy"]?.doubleValue ?? 0) - 0.6646526808) < 1e-9)
  }
}
