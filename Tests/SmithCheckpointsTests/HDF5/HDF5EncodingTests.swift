import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// What the metadata process says is untrusted: whatever comes through the pipe is what an encoder wrote, or an error.
@Suite struct HDF5EncodingTests {
  static let files = [
    "formats/h5_zoo.h5", "hdf5/names.h5", "hdf5/small.h5", "hdf5/hostile_elsewhere.h5",
  ]

  private func walked(_ name: String) throws -> (metadata: HDF5Metadata, raw: HDF5Raw) {
    let raw = HDF5Raw(try InputFile(Fixtures.path(name)))
    return (try HDF5Metadata(walking: raw), raw)
  }

  @Test(arguments: files) func `everything comes through`(_ name: String) throws {
    let (metadata, _) = try walked(name)
    #expect(metadata.datasets.count > 0)
    let decoded = try HDF5Decoder.decode(HDF5Encoder.encode(.success(metadata))).get()
    #expect(decoded == metadata)
  }

  @Test func `an error comes through with its place`() throws {
    let error = SmithError(
      .limit, "too deep", at: Place(offset: 0, item: "a/ż"), remedy: "something else")
    let decoded = try HDF5Decoder.decode(HDF5Encoder.encode(.failure(error)))
    #expect(throws: error) { try decoded.get() }
  }

  @Test func `an entry of an index takes few bytes`() throws {
    let entries = (0..<1000).map {
      HDF5ChunkIndex.Entry(number: $0, offset: 4096 + $0 * 700, size: 690, mask: 0)
    }
    let chunking = try HDF5Chunking(
      shape: [1000], chunk: [1], elementSize: 4, filters: [.deflate], leavesPartialUnfiltered: false
    )
    let dataset = HDF5Dataset(
      info: try TensorInfo(name: "x", dtype: .f32, shape: [1000]),
      type: HDF5Datatype(dtype: .f32, size: 4, swapWidth: 1),
      layout: .chunked(chunking, try HDF5ChunkIndex(entries)), fillValue: [0, 0, 0, 0])
    var metadata = HDF5Metadata()
    metadata.datasets = [dataset]
    #expect(HDF5Encoder.encode(.success(metadata)).count < 6 * 1000)
  }

  @Test(arguments: files) func `cut anywhere is refused`(_ name: String) throws {
    let bytes = HDF5Encoder.encode(.success(try walked(name).metadata))
    for count in stride(from: 0, to: bytes.count, by: 1 + bytes.count / 500) {
      #expect(throws: SmithError.self) { try HDF5Decoder.decode(Array(bytes[..<count])) }
    }
    #expect(throws: SmithError.self) { try HDF5Decoder.decode(bytes + [0]) }
  }

  /// Any byte changed: refused, or metadata that the file's size and the check allow, which then reads or fails without harm.
  @Test(arguments: files) func `flipped anywhere does no harm`(_ name: String) throws {
    let (metadata, raw) = try walked(name)
    let bytes = HDF5Encoder.encode(.success(metadata))
    var (refused, allowed) = (0, 0)
    for index in stride(from: 0, to: bytes.count, by: 1 + bytes.count / 1000) {
      for mask in [0x01, 0x80] as [UInt8] {
        var damaged = bytes
        damaged[index] ^= mask
        do throws(SmithError) {
          var found = try HDF5Decoder.decode(damaged).get()
          try found.check(against: raw)
          for dataset in found.datasets where dataset.info.byteCount < 1 << 12 {
            if case .chunked(let chunking, let index) = dataset.layout, !chunking.chunk.isEmpty {
              let reader = HDF5ChunkReader(
                raw: raw, dataset: dataset, chunking: chunking, index: index)
              _ = try? [UInt8](count: dataset.info.byteCount) { span throws(SmithError) in
                try reader.read(0..<dataset.info.elementCount, into: &span)
              }
            }
          }
          allowed += 1
        } catch { refused += 1 }
      }
    }
    #expect(refused > 20 && allowed > 20)
  }

  /// The two files that the fuzzer changes are another form of the file they came from.
  @Test(arguments: files) func `an answer and the bytes read as the file does`(
    _ name: String
  ) throws {
    let scratch = try Scratch()
    for file in try #require(HDF5Wire.files(of: Fixtures.path(name))) {
      try scratch.write(file.bytes, as: file.name)
    }
    let whole = try HDF5Source(Fixtures.path(name))
    let parts = try HDF5Wire.open(scratch.path)
    #expect(parts.tensors == whole.tensors && parts.metadata == whole.metadata)
    for tensor in whole.tensors where tensor.byteCount < 1 << 16 {
      #expect((try? parts.bytes(tensor)) == (try? whole.bytes(tensor)), "\(tensor.name)")
    }
  }

  @Test(arguments: [[0, 1 << 62, 1024], [4, 0]])
  func `chunks of a shape that holds nothing`(shape: [Int]) throws {
    let chunk = shape.map { $0 == 1024 ? 1024 : 1 }
    let error = #expect(throws: SmithError.self) {
      try HDF5Chunking(
        shape: shape, chunk: chunk, elementSize: 4, filters: [], leavesPartialUnfiltered: false)
    }
    #expect(error?.kind == .malformed)
  }

  @Test func `offsets, chunks and types outside the file are refused`() throws {
    let raw = HDF5Raw(try InputFile(Fixtures.path("hdf5/small.h5")))
    let info = try TensorInfo(name: "x", dtype: .f32, shape: [4])
    let type = HDF5Datatype(dtype: .f32, size: 4, swapWidth: 1)
    func error(_ change: (inout HDF5Dataset) -> Void) -> SmithError? {
      var metadata = HDF5Metadata()
      var dataset = HDF5Dataset(
        info: info, type: type, layout: .contiguous(at: 0), fillValue: [0, 0, 0, 0])
      change(&dataset)
      metadata.datasets = [dataset]
      do throws(SmithError) {
        try metadata.check(against: raw)
        return nil
      } catch { return error }
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.layout = .contiguous(at: raw.count - 15) }?.kind == .truncated)
    #expect(error { $0.layout = .contiguous(at: -1) }?.kind == .truncated)
    #expect(error { $0.layout = .contiguous(at: .max) }?.kind == .truncated)
    #expect(error { $0.layout = .compact([1, 2]) }?.kind == .malformed)
    #expect(error { $0.fillValue = [] }?.kind == .malformed)
    #expect(error { $0.type.swapWidth = 8 }?.kind == .malformed)
    #expect(error { $0.type.dtype = .string }?.kind == .malformed)
    #expect(error { $0.info.byteCount = 1 << 60 }?.kind == .truncated)
  }

  @Test func `chunks that cannot be spoil their dataset only`() throws {
    let raw = HDF5Raw(try InputFile(Fixtures.path("hdf5/small.h5")))
    let chunking = try HDF5Chunking(
      shape: [4], chunk: [2], elementSize: 4, filters: [], leavesPartialUnfiltered: false)
    let bad: [HDF5ChunkIndex.Entry] = [
      .init(number: 2, offset: 0, size: 8, mask: 0), .init(number: -1, offset: 0, size: 8, mask: 0),
      .init(number: 0, offset: raw.count, size: 8, mask: 0),
      .init(number: 0, offset: .max, size: 8, mask: 0),
      .init(number: 0, offset: 0, size: 1 << 30, mask: 0),
    ]
    for entry in bad {
      var metadata = HDF5Metadata()
      metadata.datasets = [
        HDF5Dataset(
          info: try TensorInfo(name: "x", dtype: .f32, shape: [4]),
          type: HDF5Datatype(dtype: .f32, size: 4, swapWidth: 1),
          layout: .chunked(chunking, try HDF5ChunkIndex([entry])), fillValue: [0, 0, 0, 0])
      ]
      try metadata.check(against: raw)
      guard case .refused = metadata.datasets[0].layout else {
        Issue.record("\(entry) is allowed")
        continue
      }
    }
    let twice = HDF5ChunkIndex.Entry(number: 0, offset: 0, size: 8, mask: 0)
    #expect(throws: SmithError.self) { try HDF5ChunkIndex([twice, twice]) }
  }
}
