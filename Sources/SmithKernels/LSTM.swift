import SmithBytes

/// An LSTM cell whose output is mapped to a smaller state (Sak et al. 2014, "LSTMP"): the weights of one layer in one direction.
///
/// Shapes in comments: P state and input width, D memory width.
public struct LSTMCell<Backend: ComputeBackend>: Sendable {
  public typealias Scalar = Backend.Scalar

  /// P → 4·D, the gates input, candidate, forget, output one after the other, with their biases.
  let input: Linear<Backend>
  /// P → 4·D in the same order, without biases.
  let state: Linear<Backend>
  /// D → P; none where the two are equal.
  let projection: Linear<Backend>?
  /// What is added to the forget gate besides its bias.
  let forgetBias: Scalar
  /// The largest magnitude of the memory, and of the mapped state.
  let cellClip: Scalar
  let stateClip: Scalar

  public init(
    input: Linear<Backend>, state: Linear<Backend>, projection: Linear<Backend>?,
    forgetBias: Double, cellClip: Double?, stateClip: Double?
  ) {
    precondition(input.outputs == state.outputs && input.outputs % 4 == 0)
    precondition((projection?.outputs ?? input.outputs / 4) == state.inputs)
    self.input = input
    self.state = state
    self.projection = projection
    self.forgetBias = Scalar(forgetBias)
    self.cellClip = cellClip.map { Scalar($0) } ?? .infinity
    self.stateClip = stateClip.map { Scalar($0) } ?? .infinity
  }

  /// D
  var width: Int { input.outputs / 4 }
}

/// One pass of a cell over all sequences of a batch.
public struct LSTMRun<Backend: ComputeBackend>: Sendable {
  public var cell: LSTMCell<Backend>
  /// The sequences one after the other [N, P].
  public var x: [Backend.Scalar]
  /// Whether each sequence is read from its own end.
  public var isReversed: Bool

  public init(cell: LSTMCell<Backend>, x: [Backend.Scalar], isReversed: Bool) {
    self.cell = cell
    self.x = x
    self.isReversed = isReversed
  }
}

extension Compute {
  /// Runs cells of equal sizes side by side, each from a zero state: their products are cut into tiles for the workers, step by step.
  ///
  /// - Parameters:
  ///   - runs: Cells with their inputs [N, P].
  ///   - lengths: How many of the N rows belong to each sequence.
  /// - Returns: The states [N, P] of each run.
  public func lstm(_ runs: [LSTMRun<Backend>], lengths: [Int]) -> [[Scalar]] {
    guard let cell = runs.first?.cell else { return [] }
    let sums = runs.map { linear($0.x, $0.cell.input) }  // what the inputs add, [N, 4·D] each
    let order = LSTMOrder(lengths)
    let (width, outputs) = (cell.width, cell.state.inputs)
    let count = order.rowCount
    let states = filled(rows: runs.count * count, columns: outputs) { out in
      scratch(rows: runs.count * lengths.count, columns: [4 * width, width, width, outputs]) {
        buffers in
        let steps = LSTMSteps(
          compute: self, runs: runs, order: order, gates: buffers[0], memory: buffers[1],
          hidden: buffers[2], state: buffers[3], out: out)
        for step in 0..<(lengths.max() ?? 0) { steps.run(step, sums) }
      }
    }
    return runs.indices.map {
      Array(states[($0 * count * outputs)..<(($0 + 1) * count * outputs)])
    }
  }

  /// Zeroed matrices that `body` may use.
  private func scratch(
    rows: Int, columns: [Int], _ body: ([MutableMatrixView<Scalar>]) -> Void
  ) {
    let width = columns.reduce(0, +)
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: rows * width) { buffer in
      guard var base = buffer.baseAddress else { return }
      buffer.initialize(repeating: 0)
      var views: [MutableMatrixView<Scalar>] = []
      for columns in columns {
        views.append(MutableMatrixView(base, rows: rows, columns: columns, stride: columns))
        base += rows * columns
      }
      body(views)
    }
  }
}

/// The sequences from the longest to the shortest, so that those still running at a step are the first ones.
struct LSTMOrder: Sendable {
  private let lengths: [Int]
  private let starts: [Int]
  let rowCount: Int

  init(_ lengths: [Int]) {
    var (starts, count) = ([Int](), 0)
    for length in lengths {
      starts.append(count)
      count += length
    }
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    self.lengths = order.map { lengths[$0] }
    self.starts = order.map { starts[$0] }
    rowCount = count
  }

  func running(at step: Int) -> Int { lengths.prefix { $0 > step }.count }

  /// The row that a sequence reads and writes at a step.
  func row(_ slot: Int, at step: Int, reversed: Bool) -> Int {
    starts[slot] + (reversed ? lengths[slot] - 1 - step : step)
  }
}

/// The state of all runs, B rows each, in the order of `LSTMOrder`.
private struct LSTMSteps<Backend: ComputeBackend> {
  typealias Scalar = Backend.Scalar

  let compute: Compute<Backend>
  let runs: [LSTMRun<Backend>]
  let order: LSTMOrder
  let gates: MutableMatrixView<Scalar>  // [R·B, 4·D]
  let memory: MutableMatrixView<Scalar>  // [R·B, D]
  let hidden: MutableMatrixView<Scalar>  // [R·B, D]
  let state: MutableMatrixView<Scalar>  // [R·B, P]
  let out: MutableMatrixView<Scalar>  // [R·N, P]

  private var batch: Int { state.rows / runs.count }

  func run(_ step: Int, _ sums: [[Scalar]]) {
    let rows = order.running(at: step)
    addGates(step, rows, sums)
    compute.workers.run(runs.count * rows) { index in
      let (run, slot) = index.quotientAndRemainder(dividingBy: rows)
      let (cell, row) = (runs[run].cell, run * batch + slot)
      Scalar.kernels.lstm(
        gates.row(row), cell.width, cell.forgetBias, cell.cellClip, memory.row(row),
        hidden.row(row))
    }
    project(step, rows)
  }

  /// gates = h·Wᵀ + what the input adds.
  private func addGates(_ step: Int, _ rows: Int, _ sums: [[Scalar]]) {
    forEachTile(rows: rows, columns: gates.columns) { run, part, outputs in
      let tile = gates.slice(rows: shifted(part, run), columns: outputs)
      let all = 0..<state.columns
      compute.multiply(
        state.view.slice(rows: shifted(part, run), columns: all), by: runs[run].cell.state,
        outputs: outputs, into: tile)
      sums[run].withView(columns: gates.columns) { sums in
        for (index, slot) in part.enumerated() {
          let row = order.row(slot, at: step, reversed: runs[run].isReversed)
          let sum = sums.slice(rows: row..<row + 1, columns: outputs).base
          Scalar.kernels.add(tile.row(index), sum, outputs.count, tile.row(index))
        }
      }
    }
  }

  /// state = clip(hidden·Wᵀ), also to its row of the result.
  private func project(_ step: Int, _ rows: Int) {
    forEachTile(rows: rows, columns: state.columns) { run, part, outputs in
      let cell = runs[run].cell
      let tile = state.slice(rows: shifted(part, run), columns: outputs)
      let from = hidden.view.slice(rows: shifted(part, run), columns: 0..<hidden.columns)
      if let projection = cell.projection {
        compute.multiply(from, by: projection, outputs: outputs, into: tile)
      }
      for (index, slot) in part.enumerated() {
        if cell.projection == nil {
          let plain = from.base + index * from.stride + outputs.lowerBound
          tile.row(index).update(from: plain, count: outputs.count)
        } else {
          Scalar.kernels.clip(tile.row(index), outputs.count, cell.stateClip)
        }
        let row =
          run * order.rowCount + order.row(slot, at: step, reversed: runs[run].isReversed)
        (out.row(row) + outputs.lowerBound).update(from: tile.row(index), count: outputs.count)
      }
    }
  }

  private func shifted(_ rows: Range<Int>, _ run: Int) -> Range<Int> {
    rows.lowerBound + run * batch..<rows.upperBound + run * batch
  }

  /// The tiles of one product of each run.
  private func forEachTile(
    rows: Int, columns: Int, _ body: @Sendable (Int, Range<Int>, Range<Int>) -> Void
  ) {
    let tile = compute.backend.tile(rows: rows)
    let down = parts(of: rows, size: tile.rows)
    let each = down * parts(of: columns, size: tile.columns)
    compute.workers.run(runs.count * each) { index in
      let (run, place) = index.quotientAndRemainder(dividingBy: each)
      body(
        run, part(place % down, of: rows, size: tile.rows),
        part(place / down, of: columns, size: tile.columns))
    }
  }
}

extension MutableMatrixView {
  /// The first element of a row.
  func row(_ index: Int) -> UnsafeMutablePointer<Scalar> { base + index * stride }
}
