import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

extension Transform {
  /// Matrices become products of two of a lower rank; the word table by default, whose factors stay apart where the family has a place.
  ///
  /// With `weighing`, the error counts where the model is used: rows of the word table by how often their token comes in the input (and once more,
  /// so that none is nothing), other matrices by what they read on it.
  public static func factorize(
    _ rank: Factorization.Rank, only globs: [Glob] = [], weighing: VerificationInput? = nil,
    workers: Workers = .all
  ) -> Transform {
    Transform(name: "factorize") { parameters, source throws(SmithError) in
      var work = Factorization(rank, workers: workers)
      if !globs.isEmpty { work.takes = { name in globs.contains { $0.matches(name) } } }
      if let weighing {
        let takes = work.takes
        work.rowWeights = takes(Factorization.word) ? weighing.tokenCounts(parameters) : nil
        work.grams = try Calibration(weighing, workers: workers)
          .statistics(of: parameters, source, for: { takes($0) }, grams: true)
          .compactMapValues { $0.gram?.values.map(Double.init) }
      }
      return try work.applied(to: parameters, source)
    }
  }

  /// The same with the word table's rows weighted by these counts, one for each token.
  public static func factorize(
    _ rank: Factorization.Rank, tokenCounts: [Double], workers: Workers = .all
  ) -> Transform {
    Transform(name: "factorize") { parameters, source throws(SmithError) in
      var work = Factorization(rank, workers: workers)
      work.rowWeights = tokenCounts
      return try work.applied(to: parameters, source)
    }
  }

  /// A word table that is kept in factors becomes one table.
  public static let expandEmbedding = Transform(name: "expand-embedding") {
    parameters throws(SmithError) in try parameters.expandingEmbedding()
  }

  /// BERT's embeddings become ALBERT's of a smaller width, fitted and not exact; the masked-language head is left out.
  public static func fitEmbedding(width: Int, workers: Workers = .all) -> Transform {
    Transform(name: "fit-embedding") { parameters, source throws(SmithError) in
      try FittedEmbedding(width: width, workers: workers).applied(
        to: Transform.change(to: .albert).apply(parameters, source), source)
    }
  }
}

/// How often each token comes in a text, from a file: a JSON array, or a number on each line, in the order of the token ids.
public enum TokenCounts {
  /// 64 MiB.
  private static let largestFile = 64 << 20

  /// `.malformed` for what is no list of numbers that are finite and not negative, one of them above zero.
  public static func read(_ path: String) throws(SmithError) -> [Double] {
    do throws(SmithError) {
      let file = try InputFile(path)
      guard file.count <= largestFile else {
        throw SmithError(.limit, "\(file.count) bytes of token counts")
      }
      let bytes = try file.bytes(0..<file.count)
      let values: [Double?]
      if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "[") {
        values = try JSON.parse(bytes).arrayValue?.map(\.doubleValue) ?? []
      } else {
        values = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
          .map { Double($0.filter { !$0.isWhitespace }) }
      }
      let counts = values.compactMap(\.self)
      if let wrong = values.firstIndex(where: { $0.map { !($0 >= 0) || !$0.isFinite } ?? true }) {
        throw SmithError(
          .malformed, "no count of at least 0", at: Place(item: "token \(wrong)"),
          remedy: "a number for each token, in the order of the ids")
      }
      guard counts.contains(where: { $0 > 0 }) else {
        throw SmithError(.missing, "no token counts above 0")
      }
      return counts
    } catch { throw error.at(file: path) }
  }
}

extension VerificationInput {
  /// One more than how often each token comes; nil for models that read no tokens.
  fileprivate func tokenCounts(_ parameters: Parameters) -> [Double]? {
    guard let table = parameters.recipes[Factorization.word],
      case .tokens(let input)? = try? input(for: parameters.configuration)
    else { return nil }
    var counts = [Double](repeating: 1, count: table.rowCount)
    for (row, mask) in zip(input.ids, input.attentionMask) {
      for (id, seen) in zip(row, mask) where seen != 0 && counts.indices.contains(id) {
        counts[id] += 1
      }
    }
    return counts
  }
}
