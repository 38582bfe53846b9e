import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing
import Weightsmith

/// A disk, or a writer, that does not do as told.
private struct LyingWriter: ContainerWriter {
  enum Lie: CaseIterable { case byte, name, nothing }

  let lie: Lie
  let honest: any ContainerWriter

  var dtypes: Set<DType> { honest.dtypes }
  var keepsMetadata: Bool { honest.keepsMetadata }

  func layout(_ tensors: [TensorInfo], options: WriterOptions) throws(SmithError) -> OutputLayout {
    var layout = try honest.layout(tensors, options: options)
    if lie == .name, let at = layout.pieces[0].bytes.firstIndex(of: UInt8(ascii: "w")) {
      layout.pieces[0].bytes[at] = UInt8(ascii: "v")
    }
    return layout
  }

  /// One bit of the tensor in the middle.
  func finish(
    _ layout: OutputLayout, tensors: [TensorInfo], checksums: [UInt32], options: WriterOptions
  ) throws(SmithError) -> [OutputLayout.Piece] {
    guard lie == .byte else { return [] }
    let place = layout.placements[tensors.count / 2]
    return [OutputLayout.Piece(file: place.file, offset: place.offset, bytes: [0x5A])]
  }
}

private protocol LyingFormat: ContainerFormat { static var lie: LyingWriter.Lie { get } }

extension LyingFormat {
  static var name: String { "safetensors" }
  static var fileExtension: String { "safetensors" }
  static var usualNames: String { Safetensors.usualNames }
  static func isModelFile(_ name: String) -> Bool { Safetensors.isModelFile(name) }
  static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    try Safetensors.recognise(input)
  }
  static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    try Safetensors.open(path, options: options)
  }
  static var writer: (any ContainerWriter)? {
    Safetensors.writer.map { LyingWriter(lie: lie, honest: $0) }
  }
}

private enum WrongByte: LyingFormat { static let lie = LyingWriter.Lie.byte }
private enum WrongName: LyingFormat { static let lie = LyingWriter.Lie.name }
private enum Honest: LyingFormat { static let lie = LyingWriter.Lie.nothing }

/// Success is said only of what was read again.
@Suite struct ReadBackTests {
  private func run(
    _ format: any ContainerFormat.Type, names: Dialect.Name?, in scratch: Scratch
  ) throws {
    let model = try Model(Checkpoint.open(Fixtures.path("models/bert/google_tf")))
    let input: Conversion.Input = names == nil ? .checkpoint(model.checkpoint) : .model(model)
    let target = Conversion.Target(format: format, names: names)
    try Conversion(input, to: target, at: "\(scratch.path)/out").run()
  }

  @Test(arguments: [Dialect.Name.hf, nil])
  func `an output that is not what was written never appears`(names: Dialect.Name?) throws {
    let scratch = try Scratch()
    for format in [WrongByte.self, WrongName.self] as [any ContainerFormat.Type] {
      let error = #expect(throws: SmithError.self) { try run(format, names: names, in: scratch) }
      #expect(error?.kind == .io && error?.detail.hasPrefix("read back") == true)
      #expect(
        error?.place.item != nil && error?.place.file?.hasPrefix("\(scratch.path)/out") == true)
      #expect(scratch.names() == [])
    }
    try run(Honest.self, names: names, in: scratch)
    #expect(scratch.names() == ["out"])
  }
}
