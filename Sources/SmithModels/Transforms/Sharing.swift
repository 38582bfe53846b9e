import OrderedCollections
import SmithBytes
import SmithTensors

/// Lets several depths run one block, ALBERT's way (models §14.2): the depths are cut into groups as transformers' formula cuts them, and the
/// blocks of each group become one.
public struct Sharing: Sendable {
  /// How the blocks of a group become one.
  public enum Method: String, CaseIterable, Sendable {
    /// Element by element.
    case mean
    /// The block of the group's first depth.
    case first
    /// The block whose shared model is least off on an input.
    case best
    /// The mean, after the heads and neurons of each block are put in the order of those they are most alike in the first.
    case aligned
    /// For each matrix the one that is least off on what its layers read; everything else the mean.
    case squares = "lsq"
  }

  public var method: Method
  /// How many distinct blocks remain.
  public var groups: Int

  public init(_ method: Method, groups: Int = 1) {
    self.method = method
    self.groups = groups
  }

  /// How far a model is off; `.best` asks it for every candidate.
  public typealias Loss = (Parameters) throws(SmithError) -> Double
  /// The parameters of a block (names after `blocks.N.`) in the order that is most like the first block.
  public typealias Alignment = (
    _ reference: [String: Recipe], _ block: [String: Recipe]
  ) throws(SmithError) -> [String: Recipe]

  /// What a linear layer reads on an input, by the name of its weight: Σ x·xᵀ, Σ x and the number of the x.
  public struct Reading: Sendable {
    public var gram: [Double]
    public var totals: [Double]
    public var count: Double

    public init(gram: [Double], totals: [Double], count: Double) {
      (self.gram, self.totals, self.count) = (gram, totals, count)
    }
  }

  /// What each layer of a model with a block for every depth reads; `.squares` asks for it once.
  public typealias Readings = (Parameters) throws(SmithError) -> [String: Reading]

  /// `.usage` for a number of groups that the model cannot have.
  public func applied(
    to parameters: Parameters, _ source: any TensorSource, loss: Loss, align: Alignment,
    readings: Readings
  ) throws(SmithError) -> Parameters {
    guard parameters.recipes.keys.contains(where: { $0.hasSuffix(".attention.query.weight") })
    else {
      throw SmithError(
        .unsupported,
        "the layers of \(parameters.configuration.family) differ in shape: they cannot be one block"
      )
    }
    let own = Unsharing().applied(to: parameters)
    let depths = own.configuration.schedule.count
    let schedule = try schedule(depths: depths)
    let reads = method == .squares ? try readings(own) : [:]
    let squares = BlockSquares(source: source, reads: reads)
    var blocks: [[String: Recipe]] = []
    var chosen = Finding("shared blocks", columns: ["block", "depths", "made of"])
    for group in 0..<groups {
      let members = schedule.indices.filter { schedule[$0] == group }
      let (block, origin) = try merged(members, of: own, loss, align, squares)
      blocks.append(block)
      let range = members.map(String.init).joined(separator: " ")
      chosen.rows.append([.count(group), .text(range), .text(origin)])
    }
    var result = replacing(own, by: blocks)
    result.configuration.schedule = schedule
    if result.configuration.sizes[.groups] != nil {
      result.configuration.sizes[.layers] = depths
      result.configuration.sizes[.groups] = groups
      result.configuration.sizes[.innerBlocks] = 1
    }
    result.fates = fates(own.fates, parameters.configuration.schedule, schedule, in: result)
    result.findings.append(chosen)
    return result
  }

  /// Every tensor of a block now fills the block that its depth runs, or another block's numbers stand there.
  private func fates(
    _ fates: [TensorFate], _ old: [Int], _ new: [Int], in model: Parameters
  ) -> [TensorFate] {
    let needed = Set(model.recipes.values.flatMap(\.sources))
    return fates.map { fate in
      let parts = fate.detail.split(separator: ".", maxSplits: 2)
      guard fate.kind == .used, parts.count == 3, parts[0] == "blocks", let block = Int(parts[1]),
        let depth = old.firstIndex(of: block)
      else { return fate }
      guard needed.contains(fate.tensor) else {
        return TensorFate(
          tensor: fate.tensor, kind: .ignored, detail: "another depth's block is run in its place")
      }
      return TensorFate(
        tensor: fate.tensor, kind: .used, detail: "blocks.\(new[depth]).\(parts[2])")
    }
  }

  private func schedule(depths: Int) throws(SmithError) -> [Int] {
    guard (1...max(1, depths)).contains(groups) else {
      throw SmithError(
        .usage, "--groups \(groups): the model has \(depths) layers", remedy: "1 to \(depths)")
    }
    let schedule = ScheduleFormula.albertHuggingFace.schedule(
      layers: depths, groups: groups, inner: 1)
    if let unused = (0..<groups).first(where: { !schedule.contains($0) }) {
      throw SmithError(
        .usage,
        "--groups \(groups): of \(depths) layers none would run block \(unused) by transformers' formula",
        remedy: "another number of groups")
    }
    return schedule
  }

  private func merged(
    _ members: [Int], of model: Parameters, _ loss: Loss, _ align: Alignment,
    _ squares: BlockSquares
  ) throws(SmithError) -> (block: [String: Recipe], origin: String) {
    let blocks = members.map { model.block($0) }
    // Equal blocks stay what they are, whatever the method, to the last bit.
    if members.count == 1 { return (blocks[0], "its own") }
    if blocks.allSatisfy({ $0 == blocks[0] }) { return (blocks[0], "the block they share") }
    switch method {
    case .first: return (blocks[0], "depth \(members[0])")
    case .mean: return (mean(blocks), "the mean")
    case .squares:
      let fitted = try squares.merged(blocks, at: members)
      return (mean(blocks).merging(fitted) { $1 }, "least squares")
    case .aligned:
      var aligned = [blocks[0]]
      for block in blocks.dropFirst() { aligned.append(try align(blocks[0], block)) }
      return (mean(aligned), "the mean, aligned to depth \(members[0])")
    case .best:
      var best = (depth: members[0], loss: Double.infinity)
      for candidate in members {
        var trial = model
        for depth in members { trial.configuration.schedule[depth] = candidate }
        let loss = try loss(trial)
        if loss < best.loss { best = (candidate, loss) }
      }
      return (model.block(best.depth), "depth \(best.depth)")
    }
  }

  private func mean(_ blocks: [[String: Recipe]]) -> [String: Recipe] {
    var result: [String: Recipe] = [:]
    for (name, first) in blocks[0] {
      let parts = blocks.compactMap { $0[name] }
      result[name] = parts.allSatisfy { $0 == first } ? first : .mean(parts)
    }
    return result
  }

  /// The blocks in place of the old ones, in the order of their parameters.
  private func replacing(_ model: Parameters, by blocks: [[String: Recipe]]) -> Parameters {
    var result = model
    result.recipes = [:]
    let order = model.recipes.keys.filter { $0.hasPrefix("blocks.0.") }.map { $0.dropFirst(9) }
    for (name, recipe) in model.recipes {
      if !name.hasPrefix("blocks.") {
        result.recipes[name] = recipe
      } else if name == model.recipes.keys.first(where: { $0.hasPrefix("blocks.") }) {
        for (index, block) in blocks.enumerated() {
          for part in order { result.recipes["blocks.\(index).\(part)"] = block[String(part)] }
        }
      }
    }
    result.schemes = model.schemes.filter { !$0.key.hasPrefix("blocks.") }
    return result
  }
}

extension Parameters {
  /// The recipes of one block by the rest of their names.
  func block(_ index: Int) -> [String: Recipe] {
    let prefix = "blocks.\(index)."
    var result: [String: Recipe] = [:]
    for (name, _) in recipes where name.hasPrefix(prefix) {
      result[String(name.dropFirst(prefix.count))] = recipes[name]
    }
    return result
  }
}
