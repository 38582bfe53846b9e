import Foundation
import SmithBytes
import TestSupport
import Testing

@Suite struct AtomicOutputTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Only what would be lost with a power cut is waited for, or what the caller asks for.
  @Test(arguments: [AtomicOutput.Shape.file, .folder], [true, false])
  func `the disk is waited for where something is replaced`(
    shape: AtomicOutput.Shape, synchronizes: Bool
  ) throws {
    let path = "\(scratch.path)/out"
    let new = try AtomicOutput(path, shape: shape, overwrite: true, synchronizes: synchronizes)
    #expect(new.waitsForDisk == synchronizes)
    let file = try OutputFile(creating: new.path("out"), startsWriteback: new.waitsForDisk)
    try file.write([1, 2, 3].span.bytes, at: 0)
    try new.commit()
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["out"])
    let again = try AtomicOutput(path, shape: shape, overwrite: true, synchronizes: synchronizes)
    #expect(again.waitsForDisk)
  }
}
