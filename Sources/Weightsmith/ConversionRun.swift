import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors
import Synchronization

/// How far a long piece of work has come, in bytes of the work's own kind.
public struct Progress: Hashable, Sendable {
  public enum Phase: String, Hashable, Sendable { case writing, readingBack, comparing, computing }

  public var phase: Phase
  public var done: Int
  public var total: Int

  public var fraction: Double { total == 0 ? 1 : Double(done) / Double(total) }
}

/// What a conversion did.
public struct ConversionReport: Sendable {
  public var plan: Plan
  /// The files at the destination, relative to it.
  public var files: [String]
  /// Tensor bytes written.
  public var bytes: Int
  public var verified: Bool
  /// What casts to a type of less range did, tensor by tensor, worst first; those that only rounded are not in it.
  public var casts: [TensorCast] = []
}

extension Conversion {
  /// Runs the plan: tensors in parallel, bounded memory, read back, then renamed into place. Nothing is at the destination before that.
  public func run(
    _ prepared: Prepared, progress: @Sendable (Progress) -> Void = { _ in }
  ) throws(SmithError) -> ConversionReport {
    guard let writer = target.format.writer else {
      throw SmithError(.unsupported, "\(target.format.name) is read, not written")
    }
    let shape = outputShape
    try checkDestination()
    let output = try AtomicOutput(
      destination, shape: shape, overwrite: overwrite, synchronizes: synchronizes)
    let plan = prepared.plan
    let tensors = try plan.outputs.map { output throws(SmithError) in
      try output.info()
    }
    var options = WriterOptions(
      stem: stem, maxShardBytes: target.maxShardBytes, entries: plan.metadata)
    options.family = prepared.written?.configuration.family ?? familyByNames(tensors)
    options.title = input.checkpoint.title
    options.envelope = prepared.envelope
    options.fileExtension = namedExtension ?? (prepared.envelope == nil ? nil : "pt")
    if outputShape == .folder, prepared.envelope != nil { options.stem = "model" }
    let layout = try writer.layout(tensors, options: options)
    if shape == .file, layout.files.count > 1 {
      throw SmithError(
        .usage, "\(layout.files.count) files do not fit into one", at: Place(file: destination),
        remedy: "a folder as DST")
    }
    var names = shape == .file ? [destination.lastComponent] : layout.files
    if shape == .folder, names.count == 1, let name = prepared.fileName { names = [name] }
    let outcome: PlanExecutor.Outcome
    do throws(SmithError) {
      let files = try names.map { name throws(SmithError) in
        try OutputFile(creating: output.path(name), startsWriteback: output.waitsForDisk)
      }
      outcome = try write(plan, tensors, layout, writer, options, to: files, progress)
      // The disk takes what is left while we read back what the system already holds.
      let disk = Background { () throws(SmithError) in
        if output.waitsForDisk { for file in files { try file.synchronize() } }
      }
      defer { disk.wait() }
      if shape == .folder { try writeCompanions(prepared.companions, to: output) }
      if verifies {
        let path = shape == .file ? output.path(names[0]) : output.staging
        try ReadBack(
          format: target.format, path: path, workers: workers, checksum: writer.checksum,
          hasSettings: prepared.envelope != nil || prepared.hasEntries
        )
        .check(
          tensors, outcome.checksums, metadata: writer.typesMetadata ? plan.metadata : [:],
          written: prepared.written, progress)
      }
      try disk.finish()
    } catch { throw error.renaming(output.staging, to: destination) }
    try output.commit()
    let companions = shape == .folder ? prepared.companions.map(\.name) : []
    return ConversionReport(
      plan: plan, files: names + companions, bytes: tensors.reduce(0) { $0 + $1.byteCount },
      verified: verifies, casts: outcome.casts)
  }

  /// One file when DST is named like one, a folder otherwise.
  public var outputShape: AtomicOutput.Shape {
    namedExtension == nil ? .folder : .file
  }

  /// The container's extension that DST ends in.
  private var namedExtension: String? {
    target.format.fileExtensions.first { destination.hasSuffix("." + $0) }
  }

  /// What kept names say of the model; nil where no family's tables fit, or two do.
  private func familyByNames(_ tensors: [TensorInfo]) -> String? {
    (try? ParameterReader.recognise(tensors.map { ($0.name, $0.shape) }))?.family.name
  }

  private var stem: String {
    guard let namedExtension else { return target.format.usualStem }
    return String(destination.lastComponent.dropLast(namedExtension.count + 1))
  }

  private func write(
    _ plan: Plan, _ tensors: [TensorInfo], _ layout: OutputLayout, _ writer: any ContainerWriter,
    _ options: WriterOptions, to files: [OutputFile],
    _ progress: @Sendable (Progress) -> Void
  ) throws(SmithError) -> PlanExecutor.Outcome {
    for (file, size) in zip(files, layout.sizes(tensors)) { try file.reserve(size) }
    for piece in layout.pieces {
      try files[piece.file].write(piece.bytes.span.bytes, at: piece.offset)
    }
    let executor = PlanExecutor(
      source: input.checkpoint.source, plan: plan, placements: layout.placements, files: files,
      workers: workers, checksum: writer.checksum)
    let outcome = try executor.run(progress)
    let last = try writer.finish(
      layout, tensors: tensors, checksums: outcome.checksums, options: options)
    for piece in last { try files[piece.file].write(piece.bytes.span.bytes, at: piece.offset) }
    return outcome
  }

  private func writeCompanions(
    _ companions: [Companion], to output: AtomicOutput
  ) throws(SmithError) {
    for companion in companions {
      let file = try OutputFile(creating: output.path(companion.name))
      switch companion.content {
      case .text(let text):
        try file.write(Array(text.utf8).span.bytes, at: 0)
      case .copy(let origin):
        let input = try InputFile(origin)
        var offset = 0
        while offset < input.count {
          let piece = try input.bytes(offset..<min(input.count, offset + 4 << 20))
          try file.write(piece.span.bytes, at: offset)
          offset += piece.count
        }
      }
      if output.waitsForDisk { try file.synchronize() }
    }
  }
}

extension OutputLayout {
  /// The bytes of each file as far as they are known before anything is computed.
  fileprivate func sizes(_ tensors: [TensorInfo]) -> [Int] {
    var sizes = [Int](repeating: 0, count: files.count)
    for (place, tensor) in zip(placements, tensors) {
      for piece in place.pieces(of: 0..<tensor.byteCount) {
        sizes[place.file] = max(sizes[place.file], piece.offset + piece.range.count)
      }
    }
    for piece in pieces {
      sizes[piece.file] = max(sizes[piece.file], piece.offset + piece.bytes.count)
    }
    return sizes
  }
}

extension SmithError {
  /// Messages speak of the destination, not of the hidden folder where it grows.
  fileprivate func renaming(_ staging: String, to destination: String) -> SmithError {
    guard let file = place.file, file.hasPrefix(staging) else { return self }
    var copy = self
    copy.place.file = destination + file.dropFirst(staging.count)
    return copy
  }
}
