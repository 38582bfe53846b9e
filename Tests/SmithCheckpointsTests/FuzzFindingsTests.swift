import Foundation
import SmithBytes
import SmithCheckpoints
import TestSupport
import Testing

/// Inputs that fuzzing found (`Scripts/fuzz.sh`) and that once trapped, hung or took the memory: every one now ends in a tensor list or in one
/// line with a place.
@Suite struct FuzzFindingsTests {
  static let findings: [String] = {
    let root = Fixtures.path("fuzz")
    return FolderListing.names(in: root).flatMap { reader in
      FolderListing.names(in: root.appending(path: reader)).map { "fuzz/\(reader)/\($0)" }
    }
  }()

  @Test(arguments: findings, [true, false])
  func `a finding is read or refused`(finding: String, whole: Bool) throws {
    do {
      let source = try Formats.open(Fixtures.path(finding))
      for tensor in source.tensors where tensor.byteCount <= 1 << 20 {
        let range = whole ? 0..<tensor.byteCount : tensor.byteCount / 2..<tensor.byteCount
        var buffer = [UInt8](repeating: 0, count: range.count)
        var span = buffer.mutableSpan
        var raw = span.mutableBytes
        do { try source.read(tensor, at: range.lowerBound, into: &raw) } catch {
          #expect(!error.detail.isEmpty)
        }
      }
    } catch {
      #expect(error.place.file != nil, "\(error)")
    }
  }
}
