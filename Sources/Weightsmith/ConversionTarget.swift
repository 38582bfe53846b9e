import SmithBytes
import SmithCheckpoints
import SmithModels

extension Conversion.Target {
  /// The container of that name, or the one that DST's extension means, or safetensors.
  public static func format(
    named name: String?, for destination: String
  ) throws(SmithError) -> any ContainerFormat.Type {
    let written = Formats.all.filter { $0.writer != nil }.map { $0.name }.joined(separator: ", ")
    if let name {
      guard let format = Formats.all.first(where: { $0.name == name }) else {
        throw SmithError(.usage, "--to \(name): no such container (\(written))")
      }
      return format
    }
    let named = Formats.all.first { format in
      format.fileExtensions.contains { destination.hasSuffix("." + $0) }
    }
    if let format = named ?? Formats.all.first(where: { $0.name == "safetensors" }) {
      return format
    }
    throw SmithError(.usage, "no container given", remedy: "--to \(written)")
  }

  /// The ecosystem a container belongs to; for a model of a family that is at home in it under names of its own, those.
  public static func defaultNames(
    of format: any ContainerFormat.Type, for input: Conversion.Input? = nil
  ) -> Dialect.Name {
    if case .model(let model) = input, let family = Families.named(model.family),
      let own = family.dialects.first(where: { $0.isAtHome(in: format.name) })
    {
      return own.name
    }
    return Dialect.Name(rawValue: format.usualNames) ?? .hf
  }
}

extension Conversion {
  /// `.cannotCreate` when DST exists and may not be replaced, or is where SRC is: asked before any work.
  public func checkDestination() throws(SmithError) {
    try AtomicOutput.check(destination, shape: outputShape, overwrite: overwrite)
    try refuseReplacingSource()
  }

  /// Replacing DST would take away what is read, and everything else that lies around it.
  private func refuseReplacingSource() throws(SmithError) {
    guard let target = FolderListing.realPath(destination) else { return }
    for file in input.checkpoint.source.files {
      // A link's own place counts as much as the file behind it.
      let beside = FolderListing.realPath(file.parentFolder).map {
        $0.appending(path: file.lastComponent)
      }
      for path in [beside, FolderListing.realPath(file)].compactMap({ $0 })
      where path == target || path.hasPrefix(target + "/") {
        throw SmithError(
          .cannotCreate, path == target ? "is the source itself" : "holds the source",
          at: Place(file: destination), remedy: "another DST")
      }
    }
  }
}
