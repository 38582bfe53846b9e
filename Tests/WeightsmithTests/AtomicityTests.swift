import Foundation
import TestSupport
import Testing
import Weightsmith

/// A run that fails leaves nothing behind, and no run takes away what it reads.
@Suite struct AtomicityTests {
  let scratch: Scratch
  let files = FileManager.default

  init() throws {
    scratch = try Scratch()
    try copy("models/albert/google_tf", to: "src")
  }

  private func copy(_ folder: String, to name: String) throws {
    let target = "\(scratch.path)/\(name)"
    let parent = (target as NSString).deletingLastPathComponent
    try files.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try files.copyItem(atPath: Fixtures.path(folder), toPath: target)
  }

  private func conversion(
    from source: String = "src", to destination: String, container: String = "safetensors",
    names: Dialect.Name? = .hf, overwrite: Bool = false
  ) throws -> Conversion {
    let model = try Model(Checkpoint.open("\(scratch.path)/\(source)"))
    var work = try Conversion(model, to: container, as: names, at: "\(scratch.path)/\(destination)")
    work.overwrite = overwrite
    return work
  }

  private func expectFailure(_ kind: SmithError.Kind, _ work: () throws -> Void) {
    let error = #expect(throws: SmithError.self) { try work() }
    #expect(error?.kind == kind, "\(error.map(String.init(describing:)) ?? "")")
  }

  private func damageData(_ change: (inout Data) -> Void) throws {
    let url = URL(fileURLWithPath: "\(scratch.path)/src/model.ckpt.data-00000-of-00001")
    var bytes = try Data(contentsOf: url)
    change(&bytes)
    let handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: bytes)
    try handle.close()
  }

  @Test(arguments: [Dialect.Name.hf, nil], ["out", "out.safetensors"])
  func `a wrong checksum in the last tensor`(names: Dialect.Name?, destination: String) throws {
    try damageData { $0[$0.count - 1] ^= 1 }
    expectFailure(.checksum) { try conversion(to: destination, names: names).run() }
    #expect(scratch.names() == ["src"])
  }

  @Test(arguments: [Dialect.Name.hf, nil])
  func `a file that is cut off after it was opened`(names: Dialect.Name?) throws {
    let work = try conversion(to: "out", names: names)
    try damageData { $0.removeLast(100) }
    expectFailure(.truncated) { try work.run() }
    #expect(scratch.names() == ["src"])
  }

  @Test func `a failure leaves an older output as it was`() throws {
    try conversion(to: "out").run()
    let before = try Contents("\(scratch.path)/out")
    try damageData { $0[$0.count - 1] ^= 1 }
    expectFailure(.checksum) { try conversion(to: "out", overwrite: true).run() }
    #expect(try Contents("\(scratch.path)/out") == before)
    #expect(scratch.names() == ["out", "src"])
  }

  @Test func `what exists is replaced on demand only, and then whole`() throws {
    try conversion(to: "out").run()
    try scratch.write([1], as: "out/left over")
    expectFailure(.cannotCreate) { try conversion(to: "out", names: nil).run() }
    #expect(scratch.names(in: "out").contains("left over"))
    try conversion(to: "out", container: "tf", names: .original, overwrite: true).run()
    #expect(try Contents("\(scratch.path)/out") == Contents("\(scratch.path)/src"))
    #expect(
      !scratch.names(in: "out").contains { $0 == "left over" || $0.hasSuffix(".safetensors") })
    #expect(scratch.names() == ["out", "src"])
  }

  /// `--overwrite` with the folder of all models as DST.
  @Test func `a folder with folders in it is no output, and is not replaced`() throws {
    try copy("models/bert/hf", to: "collection/bert")
    expectFailure(.cannotCreate) { try conversion(to: "collection", overwrite: true).run() }
    #expect(scratch.names(in: "collection") == ["bert"])
    #expect(scratch.names(in: "collection/bert").contains("model.safetensors"))
  }

  @Test func `a destination inside the source's folder is only another name in it`() throws {
    let before = try Contents("\(scratch.path)/src")
    try conversion(to: "src/hf").run()
    #expect(try Model(Checkpoint.open("\(scratch.path)/src/hf")).dialect == .hf)
    #expect(try Contents("\(scratch.path)/src") == before)
  }

  /// The folder that is read, one above it, both by other spellings and through links.
  @Test(arguments: ["src", "src/", "src/../src", ".", "link", "deep"])
  func `a destination that holds the source is refused, --overwrite or not`(
    destination: String
  ) throws {
    try files.createSymbolicLink(
      atPath: "\(scratch.path)/link", withDestinationPath: "\(scratch.path)/src")
    let source = destination == "deep" ? "deep/er" : "src"
    if destination == "deep" {
      try scratch.write([1], as: "deep/a notebook")
      try copy("models/albert/google_tf", to: source)
    }
    let before = (scratch.names(), scratch.names(in: source))
    for names in [Dialect.Name.original, nil] {
      expectFailure(.cannotCreate) {
        try conversion(
          from: source, to: destination, container: "tf", names: names, overwrite: true
        ).run()
      }
    }
    #expect(scratch.names() == before.0 && scratch.names(in: source) == before.1)
  }

  @Test func `nor the one file that is read, nor a folder of links to it`() throws {
    try copy("models/albert/hf", to: "hf")
    try files.createDirectory(atPath: "\(scratch.path)/snapshot", withIntermediateDirectories: true)
    for name in ["model.safetensors", "config.json"] {
      try files.createSymbolicLink(
        atPath: "\(scratch.path)/snapshot/\(name)",
        withDestinationPath: "\(scratch.path)/hf/\(name)")
    }
    expectFailure(.cannotCreate) {
      try conversion(from: "hf/model.safetensors", to: "hf/model.safetensors", overwrite: true)
        .run()
    }
    expectFailure(.cannotCreate) {
      try conversion(from: "snapshot/model.safetensors", to: "snapshot", overwrite: true).run()
    }
    #expect(scratch.names(in: "snapshot") == ["config.json", "model.safetensors"])
  }
}
