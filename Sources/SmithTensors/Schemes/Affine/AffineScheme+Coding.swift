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
      components[1] = try stored([fixed.scale])
      if zero == .code { components[2] = [UInt8(fixed.zero)] }
    }
    if count == 0 { return }
    let length = granularity == .tensor ? rows.count : groupLength(columns: columns)
    var chosen = Chosen(groups: rows.count / length, length: length)
    if let fixed {
      chosen.scales = [fixed.scale]
      chosen.zeros = [UInt8(fixed.zero)]
    } else if let refused = fit(rows, &chosen) {
      throw SmithError(
        .refused,
        "row \(firstRow + refused * length / columns) has a value that is not finite, or a range that is none"
      )
    }
    components[1] = try stored(chosen.scales)
    switch zero {
    case .symmetric: break
    case .code: components[2] = chosen.zeros
    case .bias: components[2] = try stored(chosen.biases)
    }
    components[0] = packed(codes(rows, chosen), columns: columns)
  }

  /// Scales, zeros and biases of groups, in f32 and bytes.
  private struct Chosen {
    let groups: Int
    let length: Int
    var scales: [Float]
    var zeros: [UInt8]
    var biases: [Float]

    init(groups: Int, length: Int) {
      self.groups = groups
      self.length = length
      scales = [Float](repeating: 0, count: groups)
      zeros = [UInt8](repeating: 0, count: groups)
      biases = scales
    }
  }

  /// Chooses scales and zeros; the first group that has none, if any.
  private func fit(_ rows: Span<Float>, _ chosen: inout Chosen) -> Int? {
    let (groups, length, bits) = (chosen.groups, chosen.length, Int32(bits))
    let refused = rows.withUnsafeBufferPointer { values in
      let values = values.baseAddress
      switch zero {
      case .symmetric: return ws_affine_fit(&chosen.scales, nil, values, groups, length, bits)
      case .code:
        return ws_affine_fit(&chosen.scales, &chosen.zeros, values, groups, length, bits)
      case .bias:
        return ws_biased_fit(&chosen.scales, &chosen.biases, values, groups, length, bits)
      }
    }
    if refused >= 0 { return refused }
    if searches {
      rows.withUnsafeBufferPointer { values in
        if zero == .symmetric {
          ws_affine_search(
            &chosen.scales, nil, values.baseAddress, groups, length, bits, leastStored)
        } else {
          ws_affine_search(
            &chosen.scales, chosen.zeros, values.baseAddress, groups, length, bits, leastStored)
        }
      }
    }
    if zero != .bias, scaleType != .f32 { chosen.scales = chosen.scales.map(stored) }
    return nil
  }

  /// The codes of groups, a byte each.
  private func codes(_ rows: Span<Float>, _ chosen: Chosen) -> [UInt8] {
    let (total, groups, length) = (rows.count, chosen.groups, chosen.length)
    return rows.withUnsafeBufferPointer { values in
      [UInt8](unsafeUninitializedCapacity: total) { codes, count in
        count = total
        let (codes, values) = (codes.baseAddress, values.baseAddress)
        switch zero {
        case .symmetric:
          ws_affine_codes(
            codes, values, chosen.scales, nil, groups, length, Int32(bits), leastStored, flip)
        case .code:
          ws_affine_codes(
            codes, values, chosen.scales, chosen.zeros, groups, length, Int32(bits), leastStored,
            flip)
        case .bias:
          ws_biased_codes(
            codes, values, chosen.scales, chosen.biases, groups, length, Int32(bits))
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
    let scales = try [Float](converting: components[1], from: scaleType)
    if granularity == .tensor, scales.count != 1 || (zero == .code && components[2].isEmpty) {
      throw SmithError(.mismatch, "\(name) has one scale, and one zero if any")
    }
    if isOrdered {
      try decodeOrdered(codes, scales, components, rows: count, columns: columns, into: &rows)
      return
    }
    let biases = zero == .bias ? try [Float](converting: components[2], from: scaleType) : []
    let precision: Int32 = scaleType == .f16 ? 16 : scaleType == .bf16 ? 8 : 24
    rows.withUnsafeMutableBufferPointer { values in
      let (values, groups) = (values.baseAddress, total / length)
      switch zero {
      case .symmetric:
        ws_affine_values(values, codes, scales, nil, groups, length, Int32(bits), flip)
      case .code:
        ws_affine_values(values, codes, scales, components[2], groups, length, Int32(bits), flip)
      case .bias: ws_biased_values(values, codes, scales, biases, groups, length, precision)
      }
    }
  }

  /// `.mismatch` for a column that says it belongs to a group there is none of.
  private func decodeOrdered(
    _ codes: [UInt8], _ scales: [Float], _ parts: [[UInt8]], rows: Int, columns: Int,
    into values: inout MutableSpan<Float>
  ) throws(SmithError) {
    let order = parts[parts.count - 1]
    let groups = scales.count / rows
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
      if zero == .symmetric {
        ws_ordered_values(
          values.baseAddress, codes, scales, nil, order, rows, columns, groups, Int32(bits), flip)
      } else {
        ws_ordered_values(
          values.baseAddress, codes, scales, parts[2], order, rows, columns, groups, Int32(bits),
          flip)
      }
    }
  }

  /// Signed bytes are codes around 128 with the highest bit exchanged.
  private var flip: Int32 { zero == .symmetric && !isPacked ? 0x80 : 0 }
}

extension [Float] {
  /// Little endian.
  var bytes: [UInt8] { withUnsafeBytes { Array<UInt8>($0) } }
}
