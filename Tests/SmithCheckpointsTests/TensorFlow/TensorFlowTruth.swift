/// What the scripts that made the samples knew of their tensors (Fixtures/generate/tf_truth.py).
enum TensorFlowTruth {
  /// Prefix below `formats/` → tensor name → tensor.
  static let samples = TrueTensor.checkpoints("truth/tf.json")

  static let prefixes = [
    "tf_v2_dtypes/model.ckpt-7", "tf_v2_partitioned/model.ckpt", "tf_v2_two_shards/model.ckpt-3",
    "tf_v2_saver/model.ckpt-200", "tf_v2_snappy/model.ckpt", "tf_v2_object/ckpt-1",
    "tf_savedmodel/variables/variables",
  ]
}
