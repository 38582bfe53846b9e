/// What torch itself loads from each PyTorch fixture (Fixtures/generate/torch_truth.py).
enum TorchTruth {
  static let byFile = TrueChecksum.files("torch/truth.json")
  static let files = byFile.keys.sorted()
  /// Files with a `model.safetensors` of the same model beside them.
  static let pairs = files.filter { $0.hasSuffix("/pytorch_model.bin") }
}
