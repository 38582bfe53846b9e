import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct NPZAttackTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// An array with a header of this text; the data are zeros.
  private static func array(_ header: String, data: Int = 48) -> [UInt8] {
    var bytes = NPYHeader.magic + [1, 0]
    bytes.append(littleEndian: UInt16(truncatingIfNeeded: header.utf8.count))
    return bytes + Array(header.utf8) + [UInt8](repeating: 0, count: data)
  }

  static let attacks: [(header: String, kind: SmithError.Kind)] = [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5)}", .mismatch),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, -4)}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", .limit),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", .limit),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (12)}", .malformed),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': (12,)}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False}", .malformed),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (12,)}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (12,), 'x': 1}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (12,)} import os", .malformed),
    ("{'descr': __import__('os'), 'fortran_order': False, 'shape': (12,)}", .malformed),
    ("{'descr': '<q7', 'fortran_order': False, 'shape': (12,)}", .unsupported),
    ("{'descr': '<U9223372036854775807', 'fortran_order': False, 'shape': (12,)}", .limit),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (12,)}", .unsupported),
    (
      "{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (6,)}", .unsupported
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + String(repeating: "1,", count: 40)
        + ")}", .malformed
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (12,)", .malformed),
    (String(repeating: "(", count: 9000), .malformed),
    (String(repeating: " ", count: 20000), .limit),
  ]

  @Test(arguments: attacks.indices) func `a header that lies is refused`(index: Int) throws {
    let attack = Self.attacks[index]
    let path = try scratch.write(Self.array(attack.header), as: "attack.npy")
    let error = failure { () throws(SmithError) in try Formats.open(path) }
    #expect(error?.kind == attack.kind, "\(attack.header): \(error?.description ?? "accepted")")
    #expect(error?.place.file == path && error?.exitCode == 65)
  }

  @Test(arguments: ["f32.npy", "stored.npz", "deflated.npz"])
  func `cut at every byte`(name: String) throws {
    let bytes = try Fixtures.bytes("formats/npy/\(name)")
    for count in bytes.indices {
      let path = try scratch.write(Array(bytes.prefix(count)), as: name)
      #expect(throws: SmithError.self, "\(count)") { try NPZ.open(path) }
    }
  }

  @Test(arguments: ["f32.npy", "fortran.npy", "stored.npz", "deflated.npz"])
  func `every byte changed`(name: String) throws {
    let bytes = try Fixtures.bytes("formats/npy/\(name)")
    for index in bytes.indices {
      for change in [0x01, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[index] ^= change
        let path = try scratch.write(changed, as: name)
        guard let source = try? NPZ.open(path) else { continue }
        for tensor in source.tensors where tensor.byteCount < 1 << 20 {
          _ = try? source.bytes(tensor)
        }
      }
    }
  }
}
