import Foundation

/// `WEIGHTSMITH_READER` names the reader, `WEIGHTSMITH_FUZZ_FOLDER` the folder for the inputs' files. With `WEIGHTSMITH_FUZZ_SEEDS` and
/// `WEIGHTSMITH_FIXTURES` the process makes a corpus and ends; without a reader it lists them.
private let run: FuzzRun = {
  let environment = ProcessInfo.processInfo.environment
  guard let subject = environment["WEIGHTSMITH_READER"].flatMap(Subjects.named) else {
    print(Subjects.all.map(\.name).joined(separator: " "))
    exit(64)
  }
  if let corpus = environment["WEIGHTSMITH_FUZZ_SEEDS"] {
    let fixtures = environment["WEIGHTSMITH_FIXTURES"] ?? "Fixtures/data"
    print("\(Seeds(subject: subject).make(from: fixtures, into: corpus)) seeds")
    exit(0)
  }
  let folder = environment["WEIGHTSMITH_FUZZ_FOLDER"] ?? FileManager.default.temporaryDirectory.path
  return FuzzRun(subject: subject, folder: "\(folder)/\(subject.name)-\(getpid())")
}()

/// libFuzzer calls this once, before any input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>?,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
  _ = run
  return 0
}

/// libFuzzer calls this with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func one(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  run.one([UInt8](UnsafeBufferPointer(start: start, count: count)))
  return 0
}
