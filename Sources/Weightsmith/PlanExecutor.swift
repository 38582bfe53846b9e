import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors
import Synchronization

/// Evaluates a plan's tensors in parallel and puts each where the layout wants it. Two parties that run the same plan write the same bytes.
struct PlanExecutor: Sendable {
  let source: any TensorSource
  let plan: Plan
  let placements: [OutputLayout.Placement]
  let files: [OutputFile]
  let workers: Workers
  let checksum: Checksum.Kind

  /// What is known of the outputs once they are written.
  struct Outcome: Sendable {
    /// Of each output's bytes, of the kind asked for.
    var checksums: [UInt32]
    /// The tensors whose casts did more than round, worst first.
    var casts: [TensorCast] = []
  }

  /// `.refused`, with all their names, where finite numbers would become infinities.
  func run(_ progress: @Sendable (Progress) -> Void) throws(SmithError) -> Outcome {
    let evaluator = RecipeEvaluator(source: source)
    let writers = files.map(CombiningWriter.init)
    let outcome = Mutex(
      Outcome(checksums: [UInt32](repeating: 0, count: plan.outputs.count)))
    let done = Atomic<Int>(0)
    let total = plan.outputs.reduce(0) { $0 + $1.recipe.byteCount }
    let order = placements.indices.sorted {
      (placements[$0].file, placements[$0].offset) < (placements[$1].file, placements[$1].offset)
    }
    try workers.forEach(order.count) { position throws(SmithError) in
      let index = order[position]
      let place = placements[index]
      let recipe = plan.outputs[index].recipe.streamed
      let (checksum, casts) = try write(recipe, evaluator, to: writers[place.file], at: place) {
        bytes in
        let now = done.wrappingAdd(bytes, ordering: .relaxed).newValue
        progress(Progress(phase: .writing, done: now, total: total))
      }
      outcome.withLock { outcome in
        outcome.checksums[index] = checksum
        outcome.casts += casts.filter { !$0.isClean }.map { range in
          TensorCast(tensor: plan.outputs[index].name, range: range)
        }
      }
    }
    for writer in writers { try writer.finish() }
    var result = outcome.withLock { $0 }
    result.casts.sort { TensorCast.isWorse($0, $1) }
    if !plan.saturates { try TensorCast.refuseOverflow(result.casts) }
    return result
  }

  private func write(
    _ recipe: Recipe, _ shared: RecipeEvaluator, to writer: CombiningWriter,
    at place: OutputLayout.Placement,
    _ advanced: (Int) -> Void
  ) throws(SmithError) -> (checksum: UInt32, casts: [CastRange]) {
    var evaluator = shared
    evaluator.casts = [:]
    evaluator.saturates = plan.saturates
    evaluator.readsInOrder = recipe.isStreamed
    var sum = Checksum(checksum)
    var offset = 0
    for rows in Slabs(recipe) {
      let bytes = try evaluator.bytes(recipe, rows: rows)
      sum.update(bytes)
      let pieces = place.pieces(of: offset..<(offset + bytes.count))
      if pieces.count == 1 {
        try writer.write(bytes, at: pieces[0].offset)
      } else {
        for piece in pieces {
          let range = (piece.range.lowerBound - offset)..<(piece.range.upperBound - offset)
          try writer.write(Array(bytes[range]), at: piece.offset)
        }
      }
      offset += bytes.count
      advanced(bytes.count)
    }
    return (sum.value, Array((evaluator.casts ?? [:]).values))
  }
}
