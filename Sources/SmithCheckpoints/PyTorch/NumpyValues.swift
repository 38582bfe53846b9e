import SmithBytes
import SmithTensors

/// numpy's arrays and scalars inside pickles: training checkpoints keep losses and counters so.
extension Pickle {
  private struct Element {
    var dtype: DType
    var isBigEndian: Bool
  }

  /// Kind and size of a dtype (`f8`) that we read.
  private static let elements: [String: DType] = [
    "b1": .bool, "i1": .i8, "u1": .u8, "i2": .i16, "u2": .u16, "i4": .i32, "u4": .u32,
    "i8": .i64, "u8": .u64, "f2": .f16, "f4": .f32, "f8": .f64, "c8": .c64, "c16": .c128,
  ]

  /// `scalar(dtype, bytes)`.
  func numpyScalar(_ arguments: [PickleValue]) throws(SmithError) -> TorchTensor {
    guard arguments.count >= 1, let element = element(arguments[0]) else {
      throw SmithError(.malformed, "a numpy scalar without a type")
    }
    let value = arguments.count > 1 ? arguments[1] : .none
    return try array(element, StridedLayout(shape: []), value)
  }

  /// The state of an array: `(version, shape, dtype, is Fortran, bytes)`.
  func numpyArray(_ state: PickleValue?) throws(SmithError) -> TorchTensor {
    guard let state = tuple(state), state.count == 5, let shape = tuple(state[1]),
      let element = element(state[2]), case .bool(let isFortran) = state[3]
    else { throw SmithError(.malformed, "a numpy array whose state is none of an array") }
    var sizes: [Int] = []
    for item in shape {
      guard let size = item.integer, size >= 0, sizes.count < StridedLayout.maxRank else {
        throw SmithError(.malformed, "a numpy array without a proper shape")
      }
      sizes.append(size)
    }
    _ = try sizes.elementCount()
    var layout = StridedLayout(shape: sizes)
    if isFortran {
      // The first dimension is the fastest.
      let mirrored = StridedLayout(shape: sizes.reversed())
      layout.strides = mirrored.strides.reversed()
    }
    return try array(element, layout, state[4])
  }

  private func array(
    _ element: Element, _ layout: StridedLayout, _ value: PickleValue
  ) throws(SmithError) -> TorchTensor {
    if element.dtype == .opaque {
      return TorchTensor(
        dtype: .opaque, layout: layout, content: .inline([], isBigEndian: false))
    }
    guard let bytes = try bytes(value) else {
      throw SmithError(.malformed, "a numpy array whose content is no bytes")
    }
    let wanted = try layout.shape.elementCount().multiplied(checked: element.dtype.width)
    guard bytes.count == wanted else {
      throw SmithError(
        .mismatch, "a numpy array of \(bytes.count) bytes, its shape takes \(wanted)")
    }
    return TorchTensor(
      dtype: element.dtype, layout: layout,
      content: .inline(bytes, isBigEndian: element.isBigEndian))
  }

  /// `dtype("f8", …)` and its state `(3, "<", …)`. Text, objects and records are opaque.
  private func element(_ value: PickleValue) -> Element? {
    guard let node = node(value), node.kind == .call,
      meaning(node.callee) == .numpyDType,
      let name = tuple(node.arguments)?.first?.text
    else { return nil }
    let state = tuple(node.state) ?? []
    let order = state.count > 1 ? state[1].text : nil
    return Element(dtype: Self.elements[name] ?? .opaque, isBigEndian: order == ">")
  }

  /// Bytes as they are, or as protocol 2 says them: `_codecs.encode(text, "latin1")`.
  private func bytes(_ value: PickleValue) throws(SmithError) -> [UInt8]? {
    if case .bytes(let bytes) = value { return bytes }
    guard let node = node(value), node.kind == .call, let arguments = tuple(node.arguments) else {
      return nil
    }
    let meaning = meaning(node.callee)
    if meaning == .emptyBytes, arguments.isEmpty { return [] }
    guard meaning == .encode, arguments.count == 2, let text = arguments[0].text,
      arguments[1].text == "latin1"
    else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else {
        throw SmithError(.malformed, "bytes written as text that is not latin-1")
      }
      bytes.append(byte)
    }
    return bytes
  }
}
