import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct ZarrReadTests {
  @Test(arguments: ["group", "single"])
  func `names, types, shapes and any range of bytes`(folder: String) throws {
    let truth = try #require(ZarrTruth.folders[folder])
    let source = try Formats.open(Fixtures.path("zarr/" + folder))
    #expect(source.container == "zarr")
    #expect(Set(source.tensors.map(\.name)) == Set(truth.keys))
    try source.expect(truth)
  }

  /// Every shape up to [4, 4, 4] under every chunk size, in both orders, uncompressed: element i of the array is i.
  @Test(arguments: [false, true])
  func `every way to cut a small array`(isFortran: Bool) throws {
    let scratch = try Scratch()
    for (shape, chunk) in Self.cuts {
      var file = ZarrFile()
      file["shape"] = .array(shape.map(JSON.integer))
      file["chunks"] = .array(chunk.map(JSON.integer))
      file["dtype"] = "|u1"
      file["order"] = isFortran ? "F" : "C"
      let folder = try file.write(to: scratch, as: "\(shape)-\(chunk)")
      let grid = zip(shape, chunk).map { 0..<(($0 - 1) / $1 + 1) }
      var chunks = Odometer(grid)
      while !chunks.isDone {
        var bytes: [UInt8] = []
        let axes = chunk.map { 0..<$0 }
        var places = Odometer(isFortran ? axes.reversed() : axes)
        while !places.isDone {
          let place = isFortran ? Array(places.current.reversed()) : places.current
          let index = zip(zip(chunks.current, chunk), place).map { $0.0 * $0.1 + $1 }
          let isInside = zip(index, shape).allSatisfy { $0 < $1 }
          let number = zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
          // Padding behind the edge is anything.
          bytes.append(isInside ? UInt8(number) : 0xEE)
          places.advance()
        }
        let name = chunks.current.map { String($0) }.joined(separator: ".")
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        chunks.advance()
      }
      let source = try Zarr.open(folder)
      let count = shape.reduce(1, *)
      let expected = (0..<count).map { UInt8($0) }
      #expect(try source.bytes(source.tensors[0]) == expected, "\(shape) \(chunk)")
      for start in stride(from: 0, to: count, by: 3) {
        let range = start..<min(count, start + 5)
        #expect(
          try source.bytes(source.tensors[0], range) == Array(expected[range]), "\(shape) \(chunk)")
      }
    }
  }

  static let cuts: [(shape: [Int], chunk: [Int])] = {
    var cuts: [(shape: [Int], chunk: [Int])] = []
    for shape in [[1], [4], [3, 4], [4, 1], [2, 3, 4], [4, 4, 1]] {
      var chunks = Odometer(shape.map { 1..<($0 + 2) })
      while !chunks.isDone {
        cuts.append((shape, chunks.current))
        chunks.advance()
      }
    }
    return cuts
  }()

  /// Rows of 8 KiB are read out of the chunks' files directly.
  @Test func `long rows`() throws {
    let scratch = try Scratch()
    var file = ZarrFile()
    file["shape"] = [5, 5000]
    file["chunks"] = [2, 2048]
    let folder = try file.write(to: scratch)
    for row in 0..<3 {
      for column in 0..<3 {
        var bytes: [UInt8] = []
        for (y, x) in (0..<2).flatMap({ y in (0..<2048).map { (y, $0) } }) {
          let number = Float((2 * row + y) * 5000 + 2048 * column + x)
          bytes.append(littleEndian: number.bitPattern)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(row).\(column)"))
      }
    }
    let source = try Zarr.open(folder)
    let expected = V1File.floats(0..<25_000)
    let tensor = source.tensors[0]
    #expect(try source.bytes(tensor).elementsEqual(expected))
    for range in [3..<7, 8190..<8200, 19_998..<60_003, 99_990..<100_000] {
      #expect(try source.bytes(tensor, range).elementsEqual(expected[range]))
    }
  }

  @Test(
    arguments: [
      ("zarr/group", "zarr/group"), ("zarr/group/.zgroup", "zarr/group"),
      ("zarr/single", "zarr/single"), ("zarr/single/.zarray", "zarr/single"),
      ("zarr/group/types", "zarr/group/types"), ("formats/orbax_zarr2", "formats/orbax_zarr2"),
      ("formats/orbax_ocdbt_zarr3/manifest.ocdbt", "formats/orbax_ocdbt_zarr3"),
      ("formats/npy", nil), ("zarr/single/0", nil), ("formats/tf_v2_saver", nil),
    ] as [(String, String?)])
  func `what is a Zarr folder`(path: String, found: String?) throws {
    let input = try InputPath(Fixtures.path(path))
    #expect(try Zarr.recognise(input) == found.map { Fixtures.path($0) })
  }

  @Test(
    arguments: [
      ("orbax_zarr2", "zstd"), ("orbax_ocdbt_zarr2", "OCDBT"), ("orbax_ocdbt_zarr3", "OCDBT"),
    ])
  func `Orbax is refused by name, with a way out`(folder: String, word: String) throws {
    let error = try #require(throws: SmithError.self) {
      try Formats.open(Fixtures.path("formats/" + folder))
    }
    #expect(error.kind == .unsupported)
    #expect(error.detail.contains(word))
    #expect(error.remedy?.contains("safetensors") == true)
  }

  @Test func `text and records are listed, not read`() throws {
    let scratch = try Scratch()
    for (name, dtype) in [("s", "|S5"), ("u", "<U3"), ("o", "|O"), ("d", "<M8[ns]")]
      as [(String, JSON)]
    {
      var file = ZarrFile()
      file["dtype"] = dtype
      try file.write(to: scratch, as: name)
    }
    var record = ZarrFile()
    record["dtype"] = [["x", "<f4"], ["y", "<i2"]]
    try record.write(to: scratch, as: "r")
    let source = try Formats.open(scratch.path)
    #expect(
      source.tensors.map(\.encoding.name) == ["opaque", "opaque", "opaque", "string", "string"])
    let error = #expect(throws: SmithError.self) { try source.bytes(source.tensors[0], 0..<1) }
    #expect(error?.kind == .unsupported)
  }
}
