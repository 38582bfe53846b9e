import ArgumentParser
import Weightsmith

struct Verify: SmithCommand {
  static let configuration = CommandConfiguration(abstract: "x")
  func execute() throws(SmithError) -> Outcome { .fine }
}
struct BenchForward: SmithCommand {
  static let configuration = CommandConfiguration(abstract: "x", shouldDisplay: false)
  func execute() throws(SmithError) -> Outcome { .fine }
}
