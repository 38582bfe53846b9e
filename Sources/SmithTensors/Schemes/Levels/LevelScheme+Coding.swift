import CKernels
import SmithBytes

extension LevelScheme {
  /// Besides what the protocol says: `.unsupported` where the whole matrix had to be surveyed and was not.
  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, into components: inout [[UInt8]]
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if levels.isStored { components[2] = levels.values.bytes }
    if survey != nil {
      guard let nested else {
        throw SmithError(.unsupported, "\(name) needs a survey of the whole matrix first")
      }
      store(nested, in: &components)
    }
    if count == 0 { return }
    let length = granularity == .tensor ? rows.count : groupLength(columns: columns)
    let groups = rows.count / length
    let scales = try scales(rows, groups, length, columns: columns, firstRow: firstRow)
    if !isNested { components[1] = scales.bytes }
    if let nested, isNested {
      let first = firstRow * groups / count
      components[1] = Array(nested.codes[first..<(first + groups)])
    }
    let codes = codes(rows, scales, groups, length)
    components[0] = levels.bits == 4 ? packed(codes) : codes
  }

  /// The components that all rows share.
  private func store(_ nested: NestedScales, in components: inout [[UInt8]]) {
    guard isNested else {
      components[1] = nested.scales.bytes
      return
    }
    let next = levels.isStored ? 3 : 2
    components[next] = Levels.dynamic.bytes
    components[next + 1] = nested.blockScales.bytes
    components[next + 2] = [nested.offset].bytes
  }

  /// The scale of each group. Quantized scales are not used for choosing codes: bitsandbytes divides by the group's own.
  private func scales(
    _ rows: Span<Float>, _ groups: Int, _ length: Int, columns: Int, firstRow: Int
  ) throws(SmithError) -> [Float] {
    if granularity == .tensor, let nested { return nested.scales }
    var scales = [Float](repeating: 0, count: groups)
    let refused = rows.withUnsafeBufferPointer {
      ws_level_scales(
        &scales, $0.baseAddress, groups, length, levels.most, levels.emptyScale)
    }
    guard refused < 0 else {
      throw SmithError(
        .refused,
        "row \(firstRow + refused * length / columns) has a value that is not finite")
    }
    return scales
  }

  private func codes(
    _ rows: Span<Float>, _ scales: [Float], _ groups: Int, _ length: Int
  ) -> [UInt8] {
    let total = rows.count
    return rows.withUnsafeBufferPointer { values in
      [UInt8](unsafeUninitializedCapacity: total) { codes, count in
        count = total
        if levels.bits == 4 {
          ws_level_codes(
            codes.baseAddress, values.baseAddress, scales, groups, length, levels.values)
        } else {
          ws_f8_codes(
            codes.baseAddress, values.baseAddress, scales, groups, length,
            levels.dtype == .f8e4m3 ? 3 : 2)
        }
      }
    }
  }

  /// Two codes to a byte, in the order of the levels' program.
  private func packed(_ codes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: codes.count / 2) { bytes, count in
      count = codes.count / 2
      ws_pack_codes(bytes.baseAddress, codes, 1, codes.count, 4)
      if levels.isHighFirst { ws_swap_nibbles(bytes.baseAddress, count) }
    }
  }

  private func unpacked(_ stored: [UInt8]) -> [UInt8] {
    if levels.bits == 8 { return stored }
    var bytes = stored
    if levels.isHighFirst { ws_swap_nibbles(&bytes, bytes.count) }
    return [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { codes, count in
      count = bytes.count * 2
      ws_unpack_codes(codes.baseAddress, bytes, 1, count, 4)
    }
  }

  public func decode(
    _ components: [[UInt8]], columns: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    try decode(components, columns: columns, firstRow: 0, into: &rows)
  }

  public func decode(
    _ components: [[UInt8]], columns: Int, firstRow: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if count == 0 { return }
    let length = granularity == .tensor ? rows.count : groupLength(columns: columns)
    let groups = rows.count / length
    let table =
      levels.isStored ? try [Float](converting: components[2], from: .f32) : levels.values
    let scales =
      isNested
      ? try nestedScales(components, first: firstRow * groups / count)
      : try [Float](converting: components[1], from: .f32)
    guard table.count == levels.values.count, scales.count == groups else {
      throw SmithError(
        .mismatch, "\(name) has \(levels.values.count) levels and \(groups) scales here")
    }
    let codes = unpacked(components[0])
    rows.withUnsafeMutableBufferPointer {
      ws_level_values($0.baseAddress, codes, scales, groups, length, table)
    }
  }

  /// Scales from their codes, of which the first is number `first` of the matrix.
  private func nestedScales(
    _ components: [[UInt8]], first: Int
  ) throws(SmithError) -> [Float] {
    let next = levels.isStored ? 3 : 2
    let table = try [Float](converting: components[next], from: .f32)
    let scales = try [Float](converting: components[next + 1], from: .f32)
    let offset = try [Float](converting: components[next + 2], from: .f32)
    let codes = components[1]
    guard table.count == 256, let offset = offset.first,
      codes.isEmpty || (first + codes.count - 1) / Self.nestedBlock < scales.count
    else {
      throw SmithError(.mismatch, "\(name) lacks scales of its scales")
    }
    return codes.indices.map {
      table[Int(codes[$0])] * scales[(first + $0) / Self.nestedBlock] + offset
    }
  }
}
