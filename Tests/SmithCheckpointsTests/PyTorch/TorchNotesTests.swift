import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TorchNotesTests {
  private static let clean = "pickle: only tensors, containers, numbers and text"

  struct Verdict: Sendable {
    var file: String
    var notes: [String]
  }

  static let verdicts = [
    Verdict(file: "models/llama/hf/pytorch_model.bin", notes: [clean]),
    Verdict(
      file: "formats/torch_script.pt",
      notes: [clean, "TorchScript: its program (code/) was not read"]),
    Verdict(
      file: "torch/training.pt",
      notes: [
        "pickle: names foreign code, which was not executed: argparse.Namespace, "
          + "pathlib.PurePosixPath",
        "the model is what stands under \"state_dict\"; names are without it",
      ]),
    Verdict(
      file: "torch/two_models.pt",
      notes: [clean, "several models, under generator, ema: names keep that part"]),
    Verdict(
      file: "torch/shared.pt",
      notes: [
        clean, "the model is what stands under \"model\"; names are without it",
        "tied, stored once: w = copy.w = list.0",
      ]),
    Verdict(
      file: "formats/torch_zip.pt",
      notes: [
        clean,
        "quantized, shown as integer codes (value = (code - zero point) * scale): "
          + "q_per_tensor (per_tensor_affine, scale 0.1, zero point 10), "
          + "q_per_channel (per_channel_affine along axis 0)", "tied, stored once: w = tied",
      ]),
  ]

  @Test(arguments: verdicts) func `a file says what it is`(_ verdict: Verdict) throws {
    #expect(try openTorchFixture(verdict.file).notes == verdict.notes)
  }

  @Test func `numbers and texts are metadata`() throws {
    #expect(
      try openTorchFixture("formats/torch_training_ckpt.pt").metadata == [
        "epoch": "7", "flag": "true", "name": "żółw", "optimizer.param_groups.0.lr": "0.001",
      ])
    let source = try openTorchFixture(
      "models/roberta/fairseq_style/model_fused_qkv_decoder_prefix.pt")
    #expect(source.metadata["args.arch"] == "roberta_base")
    #expect(source.typedMetadata.value("args.encoder_layers") == .i64(3))
    #expect(try openTorchFixture("torch/module.pt").metadata.isEmpty)
  }

  @Test func `no file can speak in our name`() throws {
    let pickle = Assembly.dictionary([
      ("weightsmith.schemes", Assembly.text("{}")), ("epoch", Assembly.int(3)),
    ])
    #expect(try openTorch(torchZip(pickle)).metadata == ["epoch": "3"])
  }

  @Test func `a wrapper is taken off only where names stay unique`() throws {
    func tensor(_ key: String) -> [UInt8] {
      Assembly.tensor(Assembly.storage(key: key, count: 1), size: [1], stride: [1])
    }
    func nested(_ name: String, _ key: String) -> [UInt8] {
      Assembly.dict + Assembly.text(name) + tensor(key) + Assembly.setItem
    }
    let storages = ["0": bits([1]), "1": bits([2])]
    func names(_ items: [(String, [UInt8])]) throws -> Set<String> {
      Set(
        try openTorch(torchZip(Assembly.dictionary(items), storages: storages))
          .tensors.map(\.name))
    }
    #expect(try names([("model", nested("w", "0"))]) == ["w"])
    #expect(try names([("model", nested("w", "0")), ("w", tensor("1"))]) == ["model.w", "w"])
    #expect(
      try names([("model", nested("w", "0")), ("ema", nested("w", "1"))]) == ["model.w", "ema.w"])
    // Of a flat dictionary, `model.` is part of the names.
    #expect(try names([("model.w", tensor("0"))]) == ["model.w"])
    #expect(try names([("model", tensor("0"))]) == ["model"])
    #expect(try names([("net", nested("w", "0"))]) == ["net.w"])
  }
}
