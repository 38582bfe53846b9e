import SmithBytes
import SmithTensors

/// Where the bytes of an output go, decided before any tensor is computed: workers then write their tensors in any order.
public struct OutputLayout: Sendable {
  /// Bytes at a place in one of the layout's files.
  public struct Piece: Hashable, Sendable {
    public var file: Int
    public var offset: Int
    public var bytes: [UInt8]

    public init(file: Int, offset: Int, bytes: [UInt8]) {
      self.file = file
      self.offset = offset
      self.bytes = bytes
    }
  }

  /// Where a tensor's bytes stand in a file: in one run, or in several where the container puts other bytes between.
  public struct Placement: Hashable, Sendable {
    /// From `start` in the tensor on, the bytes stand from `offset` in the file on.
    public struct Run: Hashable, Sendable {
      public var start: Int
      public var offset: Int
    }

    public var file: Int
    /// Rising starts, the first of which is 0.
    public private(set) var runs: [Run]

    public var offset: Int { runs[0].offset }

    public init(file: Int, offset: Int) {
      self.file = file
      runs = [Run(start: 0, offset: offset)]
    }

    /// The bytes from `start` on, which lies behind the last run's start, stand elsewhere.
    public mutating func resume(from start: Int, at offset: Int) {
      runs.append(Run(start: start, offset: offset))
    }

    /// A range of the tensor's bytes, cut where its runs end, and where each piece stands in the file.
    public func pieces(of range: Range<Int>) -> [(range: Range<Int>, offset: Int)] {
      var pieces: [(range: Range<Int>, offset: Int)] = []
      for (index, run) in runs.enumerated() {
        let end = index + 1 < runs.count ? runs[index + 1].start : Int.max
        let part = range.clamped(to: run.start..<end)
        if !part.isEmpty { pieces.append((part, run.offset + part.lowerBound - run.start)) }
      }
      return pieces
    }
  }

  /// File names relative to the output folder.
  public var files: [String]
  /// Headers and padding that are known up front.
  public var pieces: [Piece]
  /// One for each tensor, in the order given to `layout`.
  public var placements: [Placement]

  public init(files: [String], pieces: [Piece], placements: [Placement]) {
    self.files = files
    self.pieces = pieces
    self.placements = placements
  }
}

/// Options every writer understands.
public struct WriterOptions: Hashable, Sendable {
  /// The output's file name without extension (`model`, `model.ckpt`).
  public var stem: String
  /// Tensor bytes per file at most; nil for one file.
  public var maxShardBytes: Int?
  /// Key-value entries, for containers with types.
  public var entries: ContainerMetadata
  /// The model's family and the name of its source, for containers that must say what they hold.
  public var family: String?
  public var title: String?
  /// What stands around the tensors in a file that its program wrote in training.
  public var envelope: Envelope?

  /// The extension of the file, without the dot, where it is not the container's first.
  public var fileExtension: String?

  /// A dictionary around the state dict, as training programs write it: settings under one key as the attributes of an
  /// `argparse.Namespace`, the model under another, and plain values behind (fairseq).
  public struct Envelope: Hashable, Sendable {
    public var settings: String
    public var values: JSONObject
    public var model: String
    public var rest: JSONObject

    public init(settings: String, values: JSONObject, model: String, rest: JSONObject) {
      self.settings = settings
      self.values = values
      self.model = model
      self.rest = rest
    }
  }

  public init(stem: String, maxShardBytes: Int? = nil, metadata: [String: String] = [:]) {
    self.init(stem: stem, maxShardBytes: maxShardBytes, entries: ContainerMetadata(metadata))
  }

  public init(stem: String, maxShardBytes: Int? = nil, entries: ContainerMetadata) {
    self.stem = stem
    self.maxShardBytes = maxShardBytes
    self.entries = entries
  }

  /// The same entries as text.
  public var metadata: [String: String] { entries.texts }
}

/// Writes one container. Same tensors, same options: same bytes.
public protocol ContainerWriter: Sendable {
  /// The element types the container can hold. A plan that needs another is refused before anything is written.
  var dtypes: Set<DType> { get }
  /// The quantization schemes whose blocks the container stores as they are, by name.
  var schemes: Set<String> { get }
  /// Why the container cannot hold a tensor (its type, name or rank), in words that follow "cannot hold" and are the same for all
  /// tensors with the same trouble: `bf16`, `more than 4 dimensions`. Nil where it can. Asked before anything is written.
  func obstacle(to tensor: TensorInfo) -> String?
  /// What separates the levels of a name where the container nests them: `a` and `a/b` cannot stand side by side. Nil where names are
  /// just names.
  var nameSeparator: Character? { get }
  /// Whether `WriterOptions.envelope` does.
  var takesEnvelope: Bool { get }
  /// Whether `WriterOptions.metadata` finds a place in the files.
  var keepsMetadata: Bool { get }
  /// Whether metadata keeps its types (`WriterOptions.entries`); otherwise it is text.
  var typesMetadata: Bool { get }
  /// Whether the entry finds a place. Of text only what text can say whole: no long arrays.
  func holds(_ entry: ContainerMetadata.Entry) -> Bool
  /// Decides files, headers and the place of every tensor. Names are unique.
  func layout(_ tensors: [TensorInfo], options: WriterOptions) throws(SmithError) -> OutputLayout
  /// The checksum that is taken of every tensor while it is written, for `finish` and for reading back.
  var checksum: Checksum.Kind { get }
  /// What can only be written once all tensors are: `checksums[i]` is that of tensor i's bytes.
  func finish(
    _ layout: OutputLayout, tensors: [TensorInfo], checksums: [UInt32], options: WriterOptions
  ) throws(SmithError) -> [OutputLayout.Piece]
}

extension ContainerWriter {
  public var schemes: Set<String> { [] }
  public var nameSeparator: Character? { nil }
  public var takesEnvelope: Bool { false }
  public var keepsMetadata: Bool { false }
  public var typesMetadata: Bool { false }
  public func holds(_ entry: ContainerMetadata.Entry) -> Bool {
    keepsMetadata && (typesMetadata || entry.value.isWholeAsText)
  }

  public func obstacle(to tensor: TensorInfo) -> String? { encodingObstacle(to: tensor) }

  /// The part of `obstacle` that every container has: its element types and schemes.
  public func encodingObstacle(to tensor: TensorInfo) -> String? {
    let isHeld =
      switch tensor.encoding {
      case .plain(let type): dtypes.contains(type)
      case .scheme(let name): schemes.contains(name)
      }
    return isHeld ? nil : tensor.encoding.name
  }
  public var checksum: Checksum.Kind { .crc32c }

  public func finish(
    _ layout: OutputLayout, tensors: [TensorInfo], checksums: [UInt32], options: WriterOptions
  ) throws(SmithError) -> [OutputLayout.Piece] { [] }
}
