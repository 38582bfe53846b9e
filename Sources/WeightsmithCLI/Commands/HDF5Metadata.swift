import ArgumentParser
import Weightsmith

/// The process in which libhdf5 may crash: this program starts it on every HDF5 file it opens.
struct HDF5Metadata: SmithCommand {
  static let configuration = CommandConfiguration(
    commandName: HDF5Isolation.command,
    abstract: "Read the metadata of the HDF5 file on standard input, for this program.",
    shouldDisplay: false)

  @Argument var start: Int
  @Argument var count: Int
  @Argument var seconds: Int

  func execute() throws(SmithError) -> Outcome {
    try HDF5Isolation.serve(start: start, count: count, seconds: seconds)
    return .fine
  }
}
