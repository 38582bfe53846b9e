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
  public var metadata: [String: String]

  public init(stem: String, maxShardBytes: Int? = nil, metadata: [String: String] = [:]) {
    self.stem = stem
    self.maxShardBytes = maxShardBytes
    self.metadata = metadata
  }
}

/// Writes one container. Same tensors, same options: same bytes.
public protocol ContainerWriter: Sendable {
  /// The element types the container can hold. A plan that needs another is refused before anything is written.
  var dtypes: Set<DType> { get }
  /// Whether `WriterOptions.metadata` finds a place in the files.
  var keepsMetadata: Bool { get }
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
  public var keepsMetadata: Bool { false }
  public var checksum: Checksum.Kind { .crc32c }

  public func finish(
    _ layout: OutputLayout, tensors: [TensorInfo], checksums: [UInt32], options: WriterOptions
  ) throws(SmithError) -> [OutputLayout.Piece] { [] }
}
