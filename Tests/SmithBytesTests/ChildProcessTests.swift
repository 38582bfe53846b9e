import Foundation
import SmithBytes
import TestSupport
import Testing

@Suite struct ChildProcessTests {
  private func run(
    _ script: String, seconds: Double = 20, outputBytes: Int = 1 << 16
  ) throws -> ChildProcess.Outcome {
    let scratch = try Scratch()
    let input = try InputFile(scratch.write(Array("from a file".utf8), as: "in"))
    return try ChildProcess.run(
      "/bin/sh", ["-c", script], input: input.descriptor, seconds: seconds, outputBytes: outputBytes
    )
  }

  @Test func `its output and exit code come back, the file is its input`() throws {
    #expect(try run("cat; exit 3") == .exited(3, output: Array("from a file".utf8)))
    #expect(try run("echo lost >&2") == .exited(0, output: []))
    let many = try run("head -c 60000 /dev/zero")
    #expect(many == .exited(0, output: [UInt8](repeating: 0, count: 60000)))
  }

  @Test func `a signal that ends it is told`() throws {
    #expect(try run("kill -SEGV $$") == .signalled(SIGSEGV))
    #expect(try run("kill -KILL $$") == .signalled(SIGKILL))
  }

  @Test func `it is stopped when its time is over, also once it closed its output`() throws {
    for script in ["exec sleep 60", "exec sleep 60 >/dev/null"] {
      let start = Date()
      #expect(try run(script, seconds: 0.3) == .timedOut)
      #expect(Date().timeIntervalSince(start) < 20)
    }
  }

  @Test func `it is stopped when it writes too much`() throws {
    #expect(try run("exec cat /dev/zero", outputBytes: 100_000) == .tooMuchOutput)
  }

  @Test func `what cannot be started is an error`() throws {
    let error = #expect(throws: SmithError.self) {
      try ChildProcess.run("/no/such/program", [], input: 0, seconds: 1, outputBytes: 1)
    }
    #expect(error?.kind == .io)
    #expect(error?.place.file == "/no/such/program")
  }
}
