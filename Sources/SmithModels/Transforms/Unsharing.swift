import OrderedCollections

/// Gives every depth a block of its own: shared blocks are copied, the schedule becomes 0, 1, 2, … The numbers do not change.
public struct Unsharing: Hashable, Sendable {
  /// How the copies are counted in the configuration.
  public enum Layout: Hashable, Sendable, CaseIterable {
    /// As many layers as blocks, one in each group: L·K groups of 1.
    case groups
    /// One layer of one group that runs all blocks in order, for the cases where a library's float formula misses a group.
    case innerBlocks
  }

  public var layout: Layout

  public init(layout: Layout = .groups) { self.layout = layout }

  /// The parameters with own blocks. Blocks that never ran are left out and get that fate.
  public func applied(to parameters: Parameters) -> Parameters {
    let old = parameters.configuration
    var result = parameters
    result.recipes = [:]
    var copied = false
    for (name, recipe) in parameters.recipes {
      if !name.hasPrefix("blocks.") {
        result.recipes[name] = recipe
      } else if !copied {
        copied = true
        for (depth, block) in old.schedule.enumerated() {
          copy(block, to: depth, from: parameters, into: &result)
        }
      }
    }
    let depths = old.schedule.count
    result.configuration.schedule = Array(0..<depths)
    if old.sizes[.groups] != nil {
      result.configuration.sizes[.layers] = layout == .groups ? depths : 1
      result.configuration.sizes[.groups] = layout == .groups ? depths : 1
      result.configuration.sizes[.innerBlocks] = layout == .groups ? 1 : depths
    }
    result.fates = parameters.fates.map { fate in
      guard fate.kind == .used, let block = Self.block(of: fate.detail),
        !old.schedule.contains(block)
      else { return fate }
      return TensorFate(
        tensor: fate.tensor, kind: .ignored,
        detail: "its block never runs under the source's schedule")
    }
    return result
  }

  private func copy(
    _ block: Int, to depth: Int, from old: Parameters, into result: inout Parameters
  ) {
    let prefix = "blocks.\(block)."
    for (name, recipe) in old.recipes where name.hasPrefix(prefix) {
      let new = "blocks.\(depth)." + name.dropFirst(prefix.count)
      result.recipes[new] = recipe
      result.schemes[new] = old.schemes[name]
    }
  }

  private static func block(of canonical: String) -> Int? {
    let parts = canonical.split(separator: ".")
    return parts.first == "blocks" && parts.count > 1 ? Int(parts[1]) : nil
  }
}
