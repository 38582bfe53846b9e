import Foundation
import SmithBytes
import TestSupport
import Testing
import Weightsmith

/// Tensors of several slabs are read once, their stored checksum taken as they pass.
@Suite struct RunningChecksumTests {
  static let count = 270_001
  let scratch: Scratch

  /// A vector that no slab boundary divides, f32, whose elements all differ.
  init() throws {
    scratch = try Scratch()
    let size = Self.count * 4
    let header = #"{"long":{"dtype":"F32","shape":[\#(Self.count)],"data_offsets":[0,\#(size)]}}"#
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) }
    bytes += header.utf8
    for index in 0..<Self.count {
      withUnsafeBytes(of: Float(index).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/source.safetensors"))
  }

  private func convert(
    _ source: String, to container: String, _ destination: String, dtype: DType? = nil
  ) throws {
    let checkpoint = try Checkpoint.open("\(scratch.path)/\(source)")
    let format = try Conversion.Target.format(named: container, for: destination)
    var work = Conversion(
      .checkpoint(checkpoint), to: .init(format: format, names: nil, dtype: dtype),
      at: "\(scratch.path)/\(destination)")
    work.verifies = false
    _ = try work.run(work.prepare())
  }

  /// One bit in the first element, in the middle, and in the last element; there are two slabs.
  @Test(arguments: ["tf", "npz", "torch"], [0, count / 2, count - 1])
  func `a damaged bit is found`(container: String, element: Int) throws {
    try convert("source.safetensors", to: container, "stored")
    try convert("stored", to: "safetensors", "whole.safetensors")
    let source = try Contents("\(scratch.path)/source.safetensors")
    #expect(try Contents("\(scratch.path)/whole.safetensors") == source)
    try damage(element)
    for dtype in [nil, DType.bf16] {
      let error = #expect(throws: SmithError.self) {
        try convert("stored", to: "safetensors", "damaged.safetensors", dtype: dtype)
      }
      #expect(error?.kind == .checksum)
      // PyTorch's archives have a number where others have the name.
      let place = error.map { "\($0)" } ?? ""
      #expect(place.contains("long") || place.contains("data/0"), "\(place)")
    }
    #expect(!scratch.names().contains("damaged.safetensors"))
  }

  private func damage(_ element: Int) throws {
    let folder = URL(fileURLWithPath: "\(scratch.path)/stored")
    let run = [element, element + 1].filter { $0 < Self.count }.flatMap { index in
      withUnsafeBytes(of: Float(index).bitPattern.littleEndian) { [UInt8]($0) }
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let url = folder.appendingPathComponent(name)
      var data = try Data(contentsOf: url)
      guard data.count > Self.count, let place = data.range(of: Data(run)) else { continue }
      data[place.lowerBound] ^= 1
      try data.write(to: url)
      return
    }
    Issue.record("the element was not found")
  }
}
