import CKernels
import SmithBytes

extension AffineScheme {
  /// Besides what the protocol says: `.unsupported` for codes that are read only, and for one scale of a matrix not surveyed.
  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, into components: inout [[UInt8]]
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if isOrdered { throw SmithError(.unsupported, "\(name) is read, not written") }
    if granularity == .tensor {
      guard let fixed else {
        throw SmithError(.unsupported, "\(name) needs a survey of the whole matrix first")
      }
      components[1] = [fixed.scale].bytes
      if zero == .code { components[2] = [UInt8(fixed.zero)] }
    }
    if count == 0 { return }
    let length = granularity == .tensor ? rows.count : groupLength(columns: columns)
    let groups = rows.count / length
    if granularity != .tensor {
      let refused = fit(rows, groups: groups, length: length, into: &components)
      if refused >= 0 {
        throw SmithError(
          .refused,
          "row \(firstRow + refused * length / columns) has a value that is not finite, or a range that is none"
        )
      }
    }
    components[0] = packed(
      codes(rows, groups: groups, length: length, components), columns: columns)
  }

  /// Scales and zeros; -1, or the first group that has none.
  private func fit(
    _ rows: Span<Float>, groups: Int, length: Int, into parts: inout [[UInt8]]
  ) -> Int {
    let bits = Int32(bits)
    return rows.withUnsafeBufferPointer { values in
      parts.withUnsafeMutableBufferPointer { parts in
        parts[1].withUnsafeMutableBytes { scales in
          let refused =
            switch zero {
            case .symmetric:
              ws_affine_fit(scales.baseAddress, nil, values.baseAddress, groups, length, bits)
            case .code:
              parts[2].withUnsafeMutableBytes {
                ws_affine_fit(
                  scales.baseAddress, $0.baseAddress, values.baseAddress, groups, length, bits)
              }
            case .bias:
              parts[2].withUnsafeMutableBytes {
                ws_biased_fit(
                  scales.baseAddress, $0.baseAddress, values.baseAddress, groups, length, bits)
              }
            }
          if searches, refused < 0 {
            zeros(parts[parts.count - 1]) { zeros in
              ws_affine_search(
                scales.baseAddress, zeros, values.baseAddress, groups, length, bits, leastStored)
            }
          }
          return refused
        }
      }
    }
  }

  /// The codes of groups, a byte each.
  private func codes(
    _ rows: Span<Float>, groups: Int, length: Int, _ parts: [[UInt8]]
  ) -> [UInt8] {
    let total = rows.count
    return rows.withUnsafeBufferPointer { values in
      [UInt8](unsafeUninitializedCapacity: total) { codes, count in
        count = total
        parts[1].withUnsafeBytes { scales in
          zeros(parts[parts.count - 1]) { zeros in
            if zero == .bias {
              ws_biased_codes(
                codes.baseAddress, values.baseAddress, scales.baseAddress, zeros, groups, length,
                Int32(bits))
            } else {
              ws_affine_codes(
                codes.baseAddress, values.baseAddress, scales.baseAddress, zeros, groups, length,
                Int32(bits), leastStored, flip)
            }
          }
        }
      }
    }
  }

  public var hasByteRows: Bool {
    if case .group = granularity { return false }
    return bits == 8 && zero == .symmetric && !isOrdered
  }

  /// Signed bytes with one scale per row, or one for all.
  public func byteRows(_ components: [[UInt8]], shape: [Int]) throws(SmithError) -> ByteRows? {
    guard hasByteRows else { return nil }
    let (rows, columns) = try matrix(shape)
    try check(components, rows: rows, columns: columns)
    let scales = try [Float](converting: components[1], from: .f32)
    guard granularity == .channel || scales.count == 1 else {
      throw SmithError(.mismatch, "\(scales.count) scales of \(name), which has one")
    }
    return ByteRows(
      codes: components[0].map { Int8(bitPattern: $0) },
      scales: granularity == .channel ? scales : [Float](repeating: scales[0], count: rows))
  }

  public func decode(
    _ components: [[UInt8]], columns: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if count == 0 { return }
    let total = rows.count
    let length = granularity == .tensor ? total : groupLength(columns: columns)
    let codes = unpacked(components[0], rows: count, columns: columns)
    if granularity == .tensor, components[1].count != 4 || (zero == .code && components[2].isEmpty)
    {
      throw SmithError(.mismatch, "\(name) has one scale, and one zero if any")
    }
    if isOrdered {
      try decodeOrdered(codes, components, rows: count, columns: columns, into: &rows)
      return
    }
    rows.withUnsafeMutableBufferPointer { values in
      codes.withUnsafeBytes { codes in
        components[1].withUnsafeBytes { scales in
          zeros(components[components.count - 1]) { zeros in
            if zero == .bias {
              ws_biased_values(
                values.baseAddress, codes.baseAddress, scales.baseAddress, zeros, total / length,
                length)
            } else {
              ws_affine_values(
                values.baseAddress, codes.baseAddress, scales.baseAddress, zeros, total / length,
                length, Int32(bits), flip)
            }
          }
        }
      }
    }
  }

  /// `.mismatch` for a column that says it belongs to a group there is none of.
  private func decodeOrdered(
    _ codes: [UInt8], _ parts: [[UInt8]], rows: Int, columns: Int,
    into values: inout MutableSpan<Float>
  ) throws(SmithError) {
    let order = parts[parts.count - 1]
    let groups = parts[1].count / 4 / rows
    guard order.count == columns * 4 else {
      throw SmithError(.mismatch, "\(order.count / 4) groups for \(columns) columns")
    }
    for column in 0..<columns {
      let group = order.withUnsafeBytes {
        Int(Int32(littleEndian: $0.loadUnaligned(fromByteOffset: column * 4, as: Int32.self)))
      }
      guard (0..<groups).contains(group) else {
        throw SmithError(.mismatch, "column \(column) is of group \(group), of \(groups)")
      }
    }
    values.withUnsafeMutableBufferPointer { values in
      codes.withUnsafeBytes { codes in
        parts[1].withUnsafeBytes { scales in
          order.withUnsafeBytes { order in
            zeros(parts[2]) { zeros in
              ws_ordered_values(
                values.baseAddress, codes.baseAddress, scales.baseAddress, zeros,
                order.baseAddress, rows, columns, groups, Int32(bits), flip)
            }
          }
        }
      }
    }
  }

  /// Signed bytes are codes around 128 with the highest bit exchanged.
  private var flip: Int32 { zero == .symmetric && !isPacked ? 0x80 : 0 }

  /// The zeros for a kernel: nil where there are none.
  private func zeros(_ part: [UInt8], _ body: (UnsafeRawPointer?) -> Void) {
    if zero == .symmetric {
      body(nil)
    } else {
      part.withUnsafeBytes { body($0.baseAddress) }
    }
  }
}

extension [Float] {
  /// Little endian.
  var bytes: [UInt8] { withUnsafeBytes { Array<UInt8>($0) } }
}
