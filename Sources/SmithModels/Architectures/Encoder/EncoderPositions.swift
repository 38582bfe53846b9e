/// Which row of the position table a token takes.
public enum EncoderPositions: Hashable, Sendable, Codable {
  /// 0, 1, 2, … in every sequence.
  case counted
  /// RoBERTa (models §4): tokens count from `padding` + 1 on, and padding tokens all take row `padding`. It is the ids that tell
  /// them apart, not the mask, so padding on the left changes nothing.
  case besides(padding: Int)

  /// The rows of one sequence.
  func rows(of ids: [Int]) -> [Int] {
    guard case .besides(let padding) = self else { return Array(ids.indices) }
    var last = padding
    return ids.map { id in
      if id == padding { return padding }
      last += 1
      return last
    }
  }

  /// How many of a table's rows a sequence can use.
  public func usable(of rows: Int) -> Int {
    guard case .besides(let padding) = self else { return rows }
    return max(0, rows - padding - 1)
  }

  /// How many usable rows a sequence needs.
  func needed(for ids: [Int]) -> Int {
    guard case .besides(let padding) = self else { return ids.count }
    return ids.count { $0 != padding }
  }

  /// The padding token that counting depends on.
  public var padding: Int? {
    if case .besides(let padding) = self { padding } else { nil }
  }
}
