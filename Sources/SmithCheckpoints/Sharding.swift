import SmithBytes
import SmithTensors

/// One model in several files, as Hugging Face and llama.cpp name and fill them.
enum Sharding {
  /// The positions in `tensors` of each shard's members: shards fill up in the order given, and a tensor larger than the limit stands
  /// alone. `.usage` for a limit that is not positive.
  static func members(_ tensors: [TensorInfo], maxBytes: Int?) throws(SmithError) -> [[Int]] {
    guard let maxBytes else { return [Array(tensors.indices)] }
    guard maxBytes > 0 else { throw SmithError(.usage, "shards of \(maxBytes) bytes") }
    var shards: [[Int]] = [[]]
    var filled = 0
    for (index, tensor) in tensors.enumerated() {
      let sum = try filled.adding(checked: tensor.byteCount)
      if sum > maxBytes, shards.last?.isEmpty == false {
        shards.append([index])
        filled = tensor.byteCount
      } else {
        shards[shards.count - 1].append(index)
        filled = sum
      }
    }
    return shards
  }

  /// `STEM.EXTENSION`, or `STEM-00001-of-00002.EXTENSION` …
  static func names(stem: String, count: Int, extension: String) -> [String] {
    if count == 1 { return ["\(stem).\(`extension`)"] }
    return (0..<count).map { "\(stem)\(suffix($0, of: count)).\(`extension`)" }
  }

  /// `-00001-of-00003` for the first of three, which is `index` 0.
  static func suffix(_ index: Int, of count: Int) -> String {
    func fiveDigits(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "-\(fiveDigits(index + 1))-of-\(fiveDigits(count))"
  }

  /// The index file as transformers writes it: sorted keys, two spaces, a newline at the end. `name` is what a tensor is called there.
  static func index(
    _ tensors: [TensorInfo], _ layout: OutputLayout, name: (String) -> String = { $0 }
  ) throws(SmithError) -> [UInt8] {
    var total = 0
    var map = JSONObject()
    for (tensor, placement) in zip(tensors, layout.placements) {
      total = try total.adding(checked: tensor.byteCount)
      map[name(tensor.name)] = .string(layout.files[placement.file])
    }
    let index: JSON = ["metadata": ["total_size": .integer(total)], "weight_map": .object(map)]
    return Array((index.serialized(pretty: true, sortedKeys: true) + "\n").utf8)
  }
}
