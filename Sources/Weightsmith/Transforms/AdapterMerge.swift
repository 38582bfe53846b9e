import SmithBytes
import SmithModels
import SmithTensors

extension Checkpoint {
  private static let adapterSettings = "adapter_config.json"
  private static let adapterWeights = ["adapter_model.safetensors", "adapter_model.bin"]

  /// The checkpoint with a LoRA adapter of `peft` merged into it: the same tensors, those that the adapter changes computed as they are
  /// read. `.notFound` without an adapter at the path; `.mismatch` where it was trained on another model, with all that does not fit.
  public func merging(
    adapter path: String, options: OpenOptions = OpenOptions()
  ) throws(SmithError) -> Checkpoint {
    let weights = Self.adapterWeights.map { path.appending(path: $0) }.first(
      where: FolderListing.isFile)
    let settings = path.appending(path: Self.adapterSettings)
    guard let weights, FolderListing.isFile(settings) else {
      throw SmithError(
        .notFound, "no PEFT adapter: \(Self.adapterSettings) and \(Self.adapterWeights[0])",
        at: Place(file: path), remedy: "the folder that peft's save_pretrained made")
    }
    let other = try Checkpoint.open(weights, options: options)
    do throws(SmithError) {
      var joined = JoinedSource(source, other.source, as: "adapter")
      let tensors = try StoredSchemes.fold(other.source).mapValues { recipe in
        recipe.renamingSources { joined.prefix + $0 }
      }
      let adapter = try LowRankAdapter(ConfigurationFiles.read(settings), tensors)
      let found = try adapter.merged(into: stored())
      joined.notes.append(Self.note(found, path))
      return Checkpoint(
        path: self.path, folder: folder, source: joined, own: own,
        merged: merged.merging(found.recipes) { $1 })
    } catch { throw error.at(file: path) }
  }

  private static func note(_ merged: LowRankAdapter.Merged, _ path: String) -> String {
    let counts = [
      (merged.matrices, "merged into"), (merged.replaced, "replaced"), (merged.added, "added"),
    ]
    let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return "adapter \(path): tensors \(parts.joined(separator: ", "))"
  }
}
