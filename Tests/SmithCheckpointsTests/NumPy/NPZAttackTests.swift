import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct NPZAttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let kind: SmithError.Kind

    init(_ name: String, _ bytes: [UInt8], _ kind: SmithError.Kind) {
      testDescription = name
      self.bytes = bytes
      self.kind = kind
    }

    /// A dictionary in front of 24 bytes.
    init(_ text: String, _ kind: SmithError.Kind) {
      self.init(text, npy(text), kind)
    }
  }

  /// An array file of a header text and data.
  static func npy(
    _ text: String, version: UInt8 = 1, length: Int? = nil, data: Int = 24
  ) -> [UInt8] {
    let count = length ?? text.utf8.count
    let sizes = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + sizes + Array(text.utf8)
      + (0..<data).map { UInt8($0) }
  }

  static let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n"

  static let attacks: [Attack] = [
    Attack("only the magic", [0x93] + Array("NUMPY".utf8), .truncated),
    Attack("version 0", npy(good, version: 0), .unsupported),
    Attack("version 4", npy(good, version: 4), .unsupported),
    Attack("header beyond the file", npy(good, length: 1000), .truncated),
    Attack("header of 4 GiB", npy(good, version: 3, length: 0xFFFF_FFFF), .limit),
    Attack(
      "header beyond numpy's limit", npy(good + String(repeating: " ", count: 10_000)), .limit),
    Attack("one byte too few", npy(good, data: 23), .mismatch),
    Attack("one byte too many", npy(good, data: 25), .mismatch),
    Attack("", .malformed),
    Attack("{}", .malformed),
    Attack("[]", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False}", .malformed),
    Attack("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (6)}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3)}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", .malformed),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} + exit()", .malformed),
    Attack("{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3)}", .unsupported),
    Attack("{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2, 3)}", .malformed),
    Attack("{'descr': '<f4", .malformed),
    Attack("{'descr': '<f3', 'fortran_order': False, 'shape': (2, 3)}", .unsupported),
    Attack("{'descr': '<f16', 'fortran_order': False, 'shape': (2, 3)}", .unsupported),
    Attack("{'descr': '', 'fortran_order': False, 'shape': (2, 3)}", .unsupported),
    Attack("{'descr': '<U', 'fortran_order': False, 'shape': (2, 3)}", .unsupported),
    Attack("{'descr': '<U9223372036854775807', 'fortran_order': False, 'shape': (1,)}", .limit),
    Attack("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}", .unsupported),
    Attack("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}", .unsupported),
    Attack("{'descr': [[[[", .malformed),
    Attack(
      "{'descr': __import__('os'), 'fortran_order': False, 'shape': (2, 3)}", .malformed),
    Attack(String(repeating: "(", count: 9000), .malformed),
    Attack(String(repeating: " ", count: 20_000), .limit),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}", .limit),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", .limit),
    Attack(
      "{'descr': '<f4', 'fortran_order': True, 'shape': (4294967296, 4294967296, 0)}", .limit),
    Attack("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}", .mismatch),
    Attack(
      "{'descr': '<f4', 'fortran_order': False, 'shape': ("
        + String(repeating: "1, ", count: 33) + ")}", .malformed),
  ]

  @Test(arguments: attacks)
  func `an attack is an error with its place`(_ attack: Attack) throws {
    let scratch = try Scratch()
    let path = try scratch.write(attack.bytes, as: "attack.npy")
    let error = failure { () throws(SmithError) in try NPZ.open(path) }
    #expect(error?.kind == attack.kind, "\(String(describing: error))")
    #expect(error?.place.file == path)
    // The same array as a member.
    let layout = try ZipLayout(
      [.init(name: "a.npy", head: attack.bytes)], style: .numpy)
    var archive: [UInt8] = []
    for piece in layout.pieces + layout.finish(checksums: [0]) {
      let missing = piece.offset + piece.bytes.count - archive.count
      if missing > 0 { archive += Array(repeating: 0, count: missing) }
      archive.replaceSubrange(piece.offset..<(piece.offset + piece.bytes.count), with: piece.bytes)
    }
    let member = try scratch.write(archive, as: "attack.npz")
    do throws(SmithError) {
      // What is no number is listed in an archive, and not read.
      let source = try NPZ.open(member)
      #expect(source.tensors.map(\.encoding) == [.plain(.opaque)])
      _ = try source.bytes(source.tensors[0])
      Issue.record("no error")
    } catch {
      #expect(error.kind == attack.kind)
      #expect(error.place.file == member)
      #expect(error.place.item != nil)
    }
  }

  @Test(arguments: [
    "{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}",
    "{\"descr\":\"f4\",\"fortran_order\":False,\"shape\":(2L,3L,)}",
    "{ 'descr' : '=f4' , 'fortran_order' : False , 'shape' : ( 2 , 3 ) , } ",
    "{'descr': '|f4', 'fortran_order': False, 'shape': (2,3)}\n\n",
  ])
  func `spellings that numpy reads`(_ text: String) throws {
    let scratch = try Scratch()
    for version in [UInt8(1), 2, 3] {
      let path = try scratch.write(Self.npy(text, version: version), as: "a.npy")
      let source = try NPZ.open(path)
      #expect(source.tensors.map(\.shape) == [[2, 3]])
      #expect(try source.bytes(source.tensors[0]) == (0..<24).map { UInt8($0) })
    }
  }

  @Test(arguments: ["formats/npy/f32.npy", "formats/npy/stored.npz", "formats/npy/deflated.npz"])
  func `cut and flipped at every byte`(_ name: String) throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes(name)
    for count in whole.indices {
      let path = try scratch.write(Array(whole.prefix(count)), as: "cut.npz")
      #expect(failure { () throws(SmithError) in try everything(path) }?.exitCode == 65, "\(count)")
    }
    let truth = try everything(Fixtures.path(name))
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= [0x01, 0x80, 0xFF][position % 3]
      let path = try scratch.write(bytes, as: "flipped.npz")
      do throws(SmithError) {
        let got = try everything(path)
        // A checksum guards an archive; an array file has none, its shape or order may come out another.
        if name.hasSuffix(".npz") { #expect(got == truth, "\(position)") }
      } catch { #expect(error.exitCode == 65 && error.place.file == path, "\(position)") }
    }
  }

  private func everything(_ path: String) throws(SmithError) -> [String: [UInt8]] {
    let source = try NPZ.open(path)
    var contents: [String: [UInt8]] = [:]
    for tensor in source.tensors { contents[tensor.name] = try source.bytes(tensor) }
    return contents
  }
}
