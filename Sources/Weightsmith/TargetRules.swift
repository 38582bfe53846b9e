import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors

/// What a target container cannot hold of a plan: said, never widened or dropped in silence.
struct TargetRules {
  let format: any ContainerFormat.Type
  let writer: any ContainerWriter
  let dtype: DType?

  /// `.unsupported` for a container that is only read.
  init(_ target: Conversion.Target) throws(SmithError) {
    guard let writer = target.format.writer else {
      let written = Formats.all.filter { $0.writer != nil }.map { $0.name }
      throw SmithError(
        .unsupported, "\(target.format.name) is read, not written",
        remedy: "--to \(written.joined(separator: ", or "))")
    }
    format = target.format
    self.writer = writer
    dtype = target.dtype
  }

  /// Refuses tensors and names that the container cannot hold; metadata it has no place for becomes a note.
  func apply(to plan: inout Plan) throws(SmithError) {
    plan.useNativeBlocks(of: writer.schemes)
    try refuseTensors(plan.outputs)
    try refuseNames(plan.outputs.map(\.name))
    if plan.metadata[StoredSchemes.key] != nil, !writer.keepsMetadata {
      throw SmithError(
        .refused, "\(format.name) has no place to say which tensors are quantized",
        remedy: "--to safetensors, or --dtype f32")
    }
    dropMetadata(&plan)
  }

  /// All of them in one error, by what is wrong with them.
  private func refuseTensors(_ outputs: [Plan.Output]) throws(SmithError) {
    var obstacles: [String] = []
    var refused: [String: [TensorInfo]] = [:]
    for output in outputs {
      let tensor = try output.info()
      guard let obstacle = writer.obstacle(to: tensor) else { continue }
      if refused[obstacle] == nil { obstacles.append(obstacle) }
      refused[obstacle, default: []].append(tensor)
    }
    if obstacles.isEmpty { return }
    let texts = obstacles.map { obstacle in
      let tensors = refused[obstacle] ?? []
      let name = tensors.first?.name ?? ""
      return tensors.count == 1
        ? "\(obstacle): 1 tensor, \(name)" : "\(obstacle): \(tensors.count) tensors, first \(name)"
    }
    throw SmithError(
      .refused, "\(format.name) cannot hold \(texts.joined(separator: "; "))",
      remedy: remedy(for: obstacles.flatMap { refused[$0] ?? [] }))
  }

  /// What would make all of them fit: numbers in f32, or a container that knows their blocks.
  private func remedy(for tensors: [TensorInfo]) -> String? {
    let fitsAsFloats = tensors.allSatisfy { tensor in
      let isDecodable =
        tensor.encoding.dtype?.isFloat ?? (Schemes.named(tensor.encoding.name) != nil)
      var plain = tensor
      plain.encoding = .plain(.f32)
      return isDecodable && tensor.encoding != plain.encoding
        && writer.obstacle(to: plain) == nil
    }
    if fitsAsFloats { return "--dtype f32" }
    let others = Formats.all.filter { format in
      guard let writer = format.writer else { return false }
      return tensors.allSatisfy { writer.obstacle(to: $0) == nil }
    }
    return others.isEmpty ? nil : "--to \(others.map { $0.name }.joined(separator: ", or "))"
  }

  /// No name twice, and where the container nests names, none that is a folder of another.
  private func refuseNames(_ names: [String]) throws(SmithError) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw SmithError(.mismatch, "two tensors would get this name", at: Place(item: name))
    }
    guard let separator = writer.nameSeparator else { return }
    for name in names {
      for (index, character) in zip(name.indices, name) where character == separator {
        let folder = String(name[..<index])
        if seen.contains(folder) {
          throw SmithError(
            .refused, "\(format.name) cannot hold it beside \(folder): there it would be in it",
            at: Place(item: name))
        }
      }
    }
  }

  private func dropMetadata(_ plan: inout Plan) {
    let dropped = plan.metadata.entries.filter { !writer.holds($0) }
    if dropped.isEmpty { return }
    plan.metadata.removeAll { !writer.holds($0) }
    let shown = dropped.prefix(3).map(\.key).joined(separator: ", ")
    let count = dropped.count == 1 ? "1 metadata entry" : "\(dropped.count) metadata entries"
    plan.notes.append(
      "\(format.name) has no place for \(count): \(shown)\(dropped.count > 3 ? ", …" : "")")
  }
}
