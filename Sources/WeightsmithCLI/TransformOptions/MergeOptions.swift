import ArgumentParser
import Weightsmith

/// Another checkpoint to merge with, and how.
struct MergeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Merge with another checkpoint of the same configuration. See --weight, --slerp.",
      valueName: "other"))
  var merge: String?

  @Option(
    help: ArgumentHelp(
      "The other's share in a linear --merge, 0 to 1; 0.5 by default.", valueName: "t"))
  var weight: Double?

  @Option(
    help: ArgumentHelp(
      "Merge along the great circle instead, so far towards the other, 0 to 1.", valueName: "t"))
  var slerp: Double?

  var isEmpty: Bool { merge == nil }

  /// `.usage` for options that contradict each other, or say nothing.
  func check() throws(SmithError) {
    guard merge != nil || (weight == nil && slerp == nil) else {
      throw SmithError(.usage, "--weight and --slerp say nothing without --merge")
    }
    guard weight == nil || slerp == nil else {
      throw SmithError(.usage, "--weight and --slerp: one or the other")
    }
  }

  func applied(
    to model: Model, part: String?, _ workers: Workers
  ) throws(SmithError) -> Model {
    guard let merge else { return model }
    var options = Model.Options()
    options.part = part
    let other = try Model(Checkpoint.open(merge, options: .strangers), options: options)
    let interpolation =
      slerp.map { Interpolation(.spherical, t: $0) } ?? Interpolation(.linear, t: weight ?? 0.5)
    return try model.merging(other, interpolation, workers: workers)
  }
}
