import SmithBytes
import SmithTensors
import TestSupport
import Testing

/// Every scheme of the list against the bytes of ggml's own library, or of numpy (Fixtures/generate/schemes.py).
@Suite struct SchemeTests {
  static let shape = [24, 512]
  static let names = Schemes.all.map(\.name)
  /// Those whose bytes are files; of the others there are checksums (`AffineSchemeTests`).
  static let filed = names.filter { !$0.hasPrefix("int") } + ["int8-channel"]

  @Test(arguments: filed) func `codes and scales are those of the reference`(_ name: String) throws
  {
    let scheme = try #require(Schemes.named(name))
    let parts = try scheme.encode(try matrix(), shape: Self.shape)
    let components = try scheme.components(shape: Self.shape)
    #expect(parts.count == components.count)
    for (part, component) in zip(parts, components) {
      let expected = try Fixtures.bytes("schemes/\(name)\(component.suffix).bin")
      #expect(part == expected, "\(name)\(component.suffix)")
      #expect(part.count == component.shape.reduce(component.dtype.width, *))
    }
  }

  @Test(arguments: filed + Schemes.readOnly.map(\.name))
  func `decoding gives the reference's numbers`(_ name: String) throws {
    let scheme = try #require(Schemes.named(name))
    let parts = try scheme.components(shape: Self.shape).map {
      try Fixtures.bytes("schemes/\(name)\($0.suffix).bin")
    }
    let truth = try JSON.parse(try Fixtures.bytes("schemes/decoded.json"))
    let values = try scheme.decode(parts, shape: Self.shape)
    let bytes = values.withUnsafeBytes { Array<UInt8>($0) }
    #expect(truth[name]?.intValue == Int(CRC32C.of(bytes)))
  }

  @Test(arguments: names, [1, 3, 5, 24]) func `rows encode and decode in any ranges`(
    _ name: String, _ step: Int
  ) throws {
    let scheme = try #require(Schemes.named(name))
    let values = try matrix()
    let (count, columns) = (Self.shape[0], Self.shape[1])
    let components = try scheme.components(shape: Self.shape)
    var coder = scheme
    if var survey = scheme.survey {
      for first in stride(from: 0, to: count, by: step) {
        let slice = values[(first * columns)..<(min(count, first + step) * columns)]
        try survey.add(Array(slice).span, columns: columns, firstRow: first)
      }
      coder = scheme.surveyed(survey)
    }
    var streamed = components.map { _ in [UInt8]() }
    var decoded: [Float] = []
    for first in stride(from: 0, to: count, by: step) {
      let rows = min(step, count - first)
      var parts = try components.map {
        [UInt8](repeating: 0xEE, count: try $0.byteCount(rows: rows))
      }
      let slice = Array(values[(first * columns)..<((first + rows) * columns)])
      try coder.encode(slice.span, columns: columns, firstRow: first, into: &parts)
      for index in streamed.indices {
        if components[index].isShared { streamed[index] = [] }
        streamed[index] += parts[index]
      }
      var numbers = [Float](repeating: .nan, count: rows * columns)
      var span = numbers.mutableSpan
      try scheme.decode(parts, columns: columns, firstRow: first, into: &span)
      decoded += numbers
    }
    let whole = try scheme.encode(values, shape: Self.shape)
    #expect(streamed == whole)
    #expect(decoded == (try scheme.decode(whole, shape: Self.shape)))
  }

  @Test(arguments: names, [Float.nan, .infinity, -.infinity, Float(bitPattern: 0xFF80_0001)])
  func `a value that is not finite is refused with its row`(_ name: String, _ value: Float) throws {
    let scheme = try #require(Schemes.named(name))
    for position in [0, 31, 32, 255] {
      var values = [Float](repeating: 0.5, count: 3 * 256)
      values[512 + position] = value
      var parts = try scheme.components(shape: [3, 256]).map {
        [UInt8](repeating: 0, count: try $0.byteCount(rows: 3))
      }
      do throws(SmithError) {
        var survey = scheme.survey
        try survey?.add(values.span, columns: 256, firstRow: 40)
        try scheme.encode(values.span, columns: 256, firstRow: 40, into: &parts)
        Issue.record("not refused")
      } catch {
        #expect(error.kind == .refused)
        #expect(error.detail.contains("row 42"))
      }
    }
  }

  @Test(arguments: names) func `what is no matrix of whole rows is refused`(_ name: String) throws {
    let scheme = try #require(Schemes.named(name))
    for shape in [[], [256]] {
      #expect(kind { () throws(SmithError) in try scheme.components(shape: shape) } == .unsupported)
    }
    #expect(
      kind { () throws(SmithError) in try scheme.components(shape: [-1, 256]) } == .malformed)
    #expect(kind { () throws(SmithError) in try scheme.components(shape: [.max, 256]) } == .limit)
    #expect(
      kind { () throws(SmithError) in try scheme.encode([1, 2], shape: [2, 256]) } == .mismatch)
    #expect(kind { () throws(SmithError) in try scheme.decode([], shape: [2, 256]) } == .mismatch)
    #expect(
      kind { () throws(SmithError) in try scheme.decode([[1], [2]], shape: [2, 256]) } == .mismatch)
    #expect(
      kind { () throws(SmithError) in try scheme.decode([[], []], shape: [1 << 40, 1 << 20]) }
        == .mismatch)
  }

  @Test(arguments: names) func `a matrix without rows has components`(_ name: String) throws {
    let scheme = try #require(Schemes.named(name))
    let parts = try scheme.encode([], shape: [0, 256])
    for (part, component) in zip(parts, try scheme.components(shape: [0, 256])) {
      #expect(part.isEmpty != component.isShared)
    }
    #expect(try scheme.decode(try scheme.encode([], shape: [0, 256]), shape: [0, 256]) == [])
  }

  @Test(arguments: names) func `leading dimensions are rows`(_ name: String) throws {
    let scheme = try #require(Schemes.named(name))
    let values = try matrix()
    #expect(
      try scheme.encode(values, shape: [4, 2, 3, 512]) == scheme.encode(values, shape: Self.shape))
    for component in try scheme.components(shape: [4, 2, 3, 512]) where !component.isShared {
      #expect(component.shape.dropLast() == [4, 2, 3])
    }
  }

  private func matrix() throws -> [Float] { try floats("schemes/matrix.bin") }

  private func floats(_ name: String) throws -> [Float] {
    try [Float](converting: try Fixtures.bytes(name), from: .f32)
  }

  private func kind<T>(_ body: () throws(SmithError) -> T) -> SmithError.Kind? {
    do throws(SmithError) {
      _ = try body()
      return nil
    } catch { return error.kind }
  }
}
