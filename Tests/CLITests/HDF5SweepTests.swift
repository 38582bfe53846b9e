import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Bytes of HDF5 metadata changed one by one, the file opened as the command line opens it: through the child process. What comes
/// back is tensors, or an error of exit code 65, in time.
///
/// Here a sample. `Scripts/sweep.sh` sets `WEIGHTSMITH_SWEEP` and changes every byte, which takes an hour: in the smallest files in
/// four ways, in the others in one way each.
@Suite struct HDF5SweepTests {
  private static let isWhole = ProcessInfo.processInfo.environment["WEIGHTSMITH_SWEEP"] != nil
  /// A file larger than this has more of the same.
  private static let mostBytes = isWhole ? 16 << 10 : smallBytes
  private static let smallBytes = 8 << 10
  /// One bit at either end, all bits, and a zero where there was none.
  private static let changes: [@Sendable (UInt8) -> UInt8] = [
    { $0 ^ 0x01 }, { $0 ^ 0x80 }, { ~$0 }, { $0 == 0 ? 0xFE : 0 },
  ]
  private static let step = isWhole ? 1 : 97
  private let isolated = OpenOptions(hdf5: .isolated(executable: CommandRun.binary.path))

  static let files: [String] = {
    let all = (try? FileManager.default.subpathsOfDirectory(atPath: Fixtures.path(""))) ?? []
    return all.filter { name in
      (name.hasSuffix(".h5") || name.hasSuffix(".hdf5"))
        && FolderListing.fileSize(Fixtures.path(name)).map { $0 <= mostBytes } == true
        && (try? HDF5Source(Fixtures.path(name))) != nil
    }.sorted()
  }()

  /// All of the file but the elements of its tensors.
  private static func metadata(of name: String) throws -> [Int] {
    let raw = HDF5Raw(try InputFile(Fixtures.path(name)))
    var places = IndexSet(integersIn: 0..<raw.count)
    for dataset in try HDF5Metadata(walking: raw).datasets {
      switch dataset.layout {
      case .contiguous(let start):
        places.remove(integersIn: start..<(start + dataset.info.byteCount))
      case .chunked(_, let index):
        for chunk in index.entries {
          places.remove(integersIn: chunk.offset..<(chunk.offset + Int(chunk.size)))
        }
      case .compact, .fill, .refused: break
      }
    }
    return Array(places)
  }

  @Test(arguments: files)
  func `a changed byte of metadata ends in tensors or in 65`(name: String) throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes(name)
    let places = try Self.metadata(of: name)
    let isThorough = Self.isWhole && bytes.count <= Self.smallBytes
    #expect(places.count > 200)
    var (read, refused, slowest) = (0, [String: Int](), 0.0)
    for (turn, place) in places.enumerated() where turn % Self.step == 0 {
      for (number, change) in Self.changes.enumerated()
      where isThorough || number == (turn / Self.step) % Self.changes.count {
        var damaged = bytes
        damaged[place] = change(bytes[place])
        let path = try scratch.write(damaged, as: "x.h5")
        let start = ContinuousClock.now
        do throws(SmithError) {
          let source = try HDF5.open(path, options: isolated)
          for tensor in source.tensors where tensor.byteCount < 1 << 16 {
            do throws(SmithError) { _ = try source.bytes(tensor) } catch {
              #expect(error.exitCode == 65, "\(name) byte \(place): \(error)")
            }
          }
          read += 1
        } catch {
          #expect(
            error.exitCode == 65 && error.place.file == path, "\(name) byte \(place): \(error)")
          let isCrash = error.detail.contains("crashed")
          let isHang = error.detail.contains("did not finish")
          refused[isCrash ? "crashed" : isHang ? "hung" : error.kind.rawValue, default: 0] += 1
        }
        slowest = max(slowest, (ContinuousClock.now - start) / .seconds(1))
      }
    }
    #expect(slowest < (Self.isWhole ? 5 : 10))
    if Self.isWhole {
      let counts = refused.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      print(
        "sweep: \(name): \(places.count) bytes, read \(read), \(counts.joined(separator: ", ")),"
          + " slowest \(slowest) s")
    }
  }
}
