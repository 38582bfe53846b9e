import CKernels
import SmithBytes

/// One group, one weight at a time: what calibrating quantizers choose codes with, to the bit what `encode` and `decode` compute.
extension AffineScheme {
  /// Scale and zero of a group of finite weights; with the search, if the scheme searches. An empty group is one of zeros.
  public func parameters(of group: Span<Float>) -> Parameters {
    if group.isEmpty { return Parameters(scale: 1, zero: 0) }
    var scale: Float = 1
    var code: UInt8 = 0
    var bias: Float = 0
    group.withUnsafeBufferPointer { values in
      let (base, count, bits) = (values.baseAddress, values.count, Int32(bits))
      switch zero {
      case .symmetric: ws_affine_fit(&scale, nil, base, 1, count, bits)
      case .code: ws_affine_fit(&scale, &code, base, 1, count, bits)
      case .bias: ws_biased_fit(&scale, &bias, base, 1, count, bits)
      }
      if searches {
        var zeros = code
        if zero == .code {
          ws_affine_search(&scale, &zeros, base, 1, count, bits, leastStored)
        } else {
          ws_affine_search(&scale, nil, base, 1, count, bits, leastStored)
        }
      }
    }
    return Parameters(scale: scale, zero: zero == .bias ? bias : Float(code))
  }

  /// The code of a weight: rounded half to even and held to `codes`.
  public func code(_ weight: Float, scale: Float, zero: Float) -> Int {
    let whole =
      self.zero == .bias
      ? ((weight - zero) / scale).rounded(.toNearestOrEven)
      : (weight / scale).rounded(.toNearestOrEven) + zero
    // A NaN compares with nothing: code 0, or the least.
    let held = Swift.max(Float(codes.lowerBound), Swift.min(Float(codes.upperBound), whole))
    return held.isNaN ? codes.lowerBound : Int(held)
  }

  /// The weight that a code stands for.
  public func value(_ code: Int, scale: Float, zero: Float) -> Float {
    self.zero == .bias ? Float(code) * scale + zero : (Float(code) - zero) * scale
  }

  /// The bytes of each component, from the codes of whole rows of `columns`, and scale and zero of each group in the order of the rows
  /// (of the whole matrix, where it has one scale). Without zeros `zeros` is empty or all 0.
  ///
  /// `.mismatch` for counts that do not belong together and codes or zeros outside their range.
  public func pack(
    codes: [Int16], scales: [Float], zeros: [Float], columns: Int
  ) throws(SmithError) -> [[UInt8]] {
    guard columns > 0, codes.count % columns == 0, !isOrdered else {
      throw SmithError(.mismatch, "\(codes.count) codes are no whole rows of \(columns)")
    }
    let rows = codes.count / columns
    let components = try components(shape: [rows, columns])
    let groups = components[1].isShared ? 1 : rows * (components[1].shape.last ?? 0)
    let allowed = self.codes
    guard scales.count == groups, zeros.count == groups || zero == .symmetric,
      codes.allSatisfy({ allowed.contains(Int($0)) }),
      zero != .code || zeros.allSatisfy({ (0...Float(allowed.upperBound)).contains($0) })
    else {
      throw SmithError(
        .mismatch,
        "\(name) of \(rows) rows of \(columns) takes codes in \(allowed) and \(groups) scales")
    }
    let offset = zero == .symmetric && isPacked ? 1 << (bits - 1) : 0
    let bytes = codes.map { UInt8(truncatingIfNeeded: Int($0) + offset) }
    var parts = [packed(bytes, columns: columns), scales.withUnsafeBytes { Array<UInt8>($0) }]
    switch zero {
    case .symmetric: break
    case .code: parts.append(zeros.map { UInt8($0) })
    case .bias: parts.append(zeros.withUnsafeBytes { Array<UInt8>($0) })
    }
    return parts
  }

  /// The least code as kernels count: symmetric codes from 2^(bits - 1).
  var leastStored: Int32 {
    Int32(zero == .symmetric ? codes.lowerBound + 1 << (bits - 1) : 0)
  }

  /// Codes of a byte each as they are stored.
  func packed(_ codes: [UInt8], columns: Int) -> [UInt8] {
    guard isPacked, columns > 0 else { return codes }
    let rows = codes.count / columns
    return [UInt8](unsafeUninitializedCapacity: rows * ((columns * bits + 7) / 8)) {
      buffer, count in
      count = buffer.count
      codes.withUnsafeBytes {
        ws_pack_codes(buffer.baseAddress, $0.baseAddress, rows, columns, Int32(bits))
      }
    }
  }

  /// A byte for each code of what is stored.
  func unpacked(_ stored: [UInt8], rows: Int, columns: Int) -> [UInt8] {
    guard isPacked, columns > 0 else { return stored }
    return [UInt8](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      count = rows * columns
      stored.withUnsafeBytes {
        ws_unpack_codes(buffer.baseAddress, $0.baseAddress, rows, columns, Int32(bits))
      }
    }
  }
}
