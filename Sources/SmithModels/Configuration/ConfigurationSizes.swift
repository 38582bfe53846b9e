import SmithBytes

/// Sizes, which file, user, shapes and names may all speak of.
extension ConfigurationReader {
  /// What the ecosystem's code takes for a key that nothing states; nil where there should be a file to say it.
  func standard(_ key: String) -> JSON? {
    file == nil && !table.isOptional ? nil : table.defaults[key]
  }

  /// As many heads as the ecosystem's code makes of itself. Without a file that holds only where the width divides: another number must
  /// have been told.
  var usualHeads: Int? {
    guard let width = table.headWidth, let hidden = shown(.hidden)?.value else { return nil }
    if hidden % width == 0 { return hidden / width }
    return file == nil ? nil : max(1, hidden / width)
  }

  func value(of size: Size, key: String) throws(SmithError) -> Int {
    let solved = shown(size)
    let (offsets, fixed) = (table.offsets[size] ?? [0], table.fixedSizes[size])
    if let solved, let fixed, solved.value != fixed {
      throw problem(
        .mismatch, key,
        "\(solved.value + offsets[0]) by \(solved.said), but the code of these names knows only \(fixed + offsets[0])"
      )
    }
    if let stated = stated(key) {
      guard let number = stated.intValue, (size.least...1 << 31).contains(number) else {
        throw problem(
          .malformed, key, "expected a positive whole number, got \(stated.serialized())")
      }
      if let fixed, !offsets.contains(number - fixed) {
        throw problem(
          .mismatch, key,
          "\(number), but the code of these names knows only \(fixed + offsets[0])")
      }
      if let solved, !offsets.contains(number - solved.value) {
        throw problem(
          .mismatch, key, "\(number), but \(solved.value + offsets[0]) by \(solved.said)",
          remedy: "--set \(key)=\(solved.value + offsets[0])")
      }
      return solved?.value ?? number - offsets[0]
    }
    if let solved { return solved.value }
    if let fixed { return fixed }
    if size == .heads, let usualHeads { return usualHeads }
    if let standard = standard(key)?.intValue { return standard - offsets[0] }
    let known = file == nil ? "no configuration file beside the weights says it" : "not in the file"
    throw problem(
      .missing, key, "\(known), and the shapes do not decide it",
      remedy: "--config FILE or --set \(key)=NUMBER")
  }

  /// What shapes and names say about a size.
  func shown(_ size: Size) -> (value: Int, said: String)? {
    if let value = shapes.size(size) { return (value, shapes.source(of: size) ?? "a shape") }
    if let count = counts[size] { return (count, "the names of the \(size.rawValue)") }
    switch (size, dialect.schedule) {
    case (.heads, _) where headCounts.count == 1:
      return (headCounts.first ?? 1, "the shapes of the attention's kernels")
    case (.layers, .sequential):
      return (groups, "the number of blocks")
    case (.innerBlocks, .albertOriginal), (.innerBlocks, .albertHuggingFace):
      return (innerBlocks, "the names of the inner blocks")
    case (.groups, .albertHuggingFace):
      return (groups, "the names of the groups")
    // Google's graph makes only the groups it runs: more may be stated than are there, not fewer.
    case (.groups, .albertOriginal) where (stated("num_hidden_groups")?.intValue ?? 0) < groups:
      return (groups, "the names of the groups")
    default:
      return nil
    }
  }
}
