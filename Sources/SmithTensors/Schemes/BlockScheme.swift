import SmithBytes

/// A scheme of ggml (formats §8): each row is cut into blocks of as many weights, and each block is its scales and codes as bytes.
///
/// The one component holds the blocks of each row as bytes, [.., rows, columns / length · bytes]: in GGUF they are a tensor of the type of
/// that name, in our own layout a tensor of bytes. What is encoded is byte for byte what ggml's reference quantizers write on x86-64,
/// where no operation is fused. One file per scheme in this folder, and one line in `Schemes`.
public protocol BlockScheme: QuantizationScheme {
  /// The block's sizes and kernels.
  var block: SchemeBlock { get }
}

/// The sizes of a block, and the C functions that make it and read it.
public struct SchemeBlock: Sendable {
  /// Weights in one block; rows are whole blocks.
  public let length: Int
  /// Bytes of one block.
  public let bytes: Int

  /// (blocks, f32 values, count): -1, or the index of the first block that cannot be encoded.
  typealias Encoder = @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int
  /// (f32 values, blocks, count)
  typealias Decoder = @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Void
  /// (blocks, f32 values, f32 importance of each column, rows, columns): as an encoder.
  typealias Weigher =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?, Int, Int
    ) -> Int
  /// Nil for blocks that are read, not written.
  let encoder: Encoder?
  let decoder: Decoder
  /// Nil for blocks whose reference quantizer takes no importance.
  let weigher: Weigher?

  init(
    length: Int, bytes: Int, encoder: Encoder?, decoder: @escaping Decoder, weigher: Weigher? = nil
  ) {
    self.length = length
    self.bytes = bytes
    self.encoder = encoder
    self.decoder = decoder
    self.weigher = weigher
  }

  /// Bits per weight, scales included.
  public var bitsPerWeight: Double { Double(bytes * 8) / Double(length) }
}

extension BlockScheme {
  /// `.unsupported` for rows that are no whole number of blocks: blocks never straddle rows.
  public func components(shape: [Int]) throws(SmithError) -> [SchemeComponent] {
    let columns = try matrix(shape).columns
    guard columns % block.length == 0 else {
      throw SmithError(
        .unsupported, "\(name) needs rows of a multiple of \(block.length), not \(columns)")
    }
    let rowBytes = try (columns / block.length).multiplied(checked: block.bytes)
    return [SchemeComponent(suffix: "", dtype: .u8, shape: shape.dropLast() + [rowBytes])]
  }

  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, into components: inout [[UInt8]]
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    guard let encoder = block.encoder else {
      throw SmithError(.unsupported, "\(name) blocks are read, not written")
    }
    if count == 0 { return }
    let refused = rows.withUnsafeBufferPointer { values in
      components[0].withUnsafeMutableBytes { blocks in
        encoder(blocks.baseAddress, values.baseAddress, values.count / block.length)
      }
    }
    if refused >= 0 { throw refusal(row: firstRow + refused * block.length / columns) }
  }

  public var takesImportance: Bool { block.weigher != nil }

  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, importance: Span<Float>,
    into components: inout [[UInt8]]
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    guard let weigher = block.weigher else {
      throw SmithError(.unsupported, "\(name) takes no importance of columns")
    }
    guard importance.count == columns else {
      throw SmithError(.mismatch, "the importance of \(importance.count) columns for \(columns)")
    }
    if count == 0 { return }
    let refused = rows.withUnsafeBufferPointer { values in
      importance.withUnsafeBufferPointer { weights in
        components[0].withUnsafeMutableBytes { blocks in
          weigher(blocks.baseAddress, values.baseAddress, weights.baseAddress, count, columns)
        }
      }
    }
    if refused >= 0 { throw refusal(row: firstRow + refused * block.length / columns) }
  }

  private func refusal(row: Int) -> SmithError {
    SmithError(
      .refused,
      "row \(row) has a value that is not finite, or too large for the scale of \(name)")
  }

  public func decode(
    _ components: [[UInt8]], columns: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if count == 0 { return }
    rows.withUnsafeMutableBufferPointer { values in
      components[0].withUnsafeBytes { blocks in
        block.decoder(values.baseAddress, blocks.baseAddress, values.count / block.length)
      }
    }
  }
}
