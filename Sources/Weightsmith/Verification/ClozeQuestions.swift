import SmithBytes
import SmithModels

/// Sentences with a masked word and the right one: a loss figure that means something for a model that was trained.
///
/// The file is JSON: {"rows": [{"ids": […], "mask_at": 1, "right": 94}]}, or an object of such objects, of which the one whose rows fit the
/// model's vocabulary and positions is taken by name of the family (`tiny_albert` for albert).
public struct ClozeQuestions: Sendable {
  struct Row: Sendable {
    var ids: [Int]
    var maskAt: Int
    var right: Int
  }

  private let path: String
  private let sets: [(name: String, rows: [Row])]

  public init(_ path: String) throws(SmithError) {
    self.path = path
    let file = try ConfigurationFiles.read(path)
    do throws(SmithError) {
      if let rows = file["rows"] {
        sets = [("", try Self.rows(rows))]
      } else {
        var sets: [(String, [Row])] = []
        for (name, value) in file {
          guard let rows = value["rows"] else { continue }
          sets.append((name, try Self.rows(rows)))
        }
        self.sets = sets
      }
    } catch { throw error.at(file: path) }
  }

  private static func rows(_ json: JSON) throws(SmithError) -> [Row] {
    var rows: [Row] = []
    for (index, value) in (json.arrayValue ?? []).enumerated() {
      let ids = value["ids"]?.arrayValue?.compactMap(\.intValue) ?? []
      guard let maskAt = value["mask_at"]?.intValue, let right = value["right"]?.intValue,
        ids.indices.contains(maskAt)
      else {
        throw SmithError(
          .malformed, "expected ids, mask_at and right", at: Place(item: "row \(index)"))
      }
      rows.append(Row(ids: ids, maskAt: maskAt, right: right))
    }
    return rows
  }

  /// How many each of the two models answers; `.missing` when the file has no questions or the model no masked-language head.
  public func ask(_ reference: Model, _ candidate: Model) throws(SmithError) -> ClozeReport {
    // The whole word: tiny_albert also ends in bert.
    let chosen =
      sets.first { $0.name.isEmpty || $0.name.split(separator: "_").last ?? "" == reference.family }
      ?? sets.first
    guard let rows = chosen?.rows, !rows.isEmpty else {
      throw SmithError(
        .missing, "no questions", at: Place(file: path),
        remedy: "{\"rows\": [{\"ids\": [...], \"mask_at\": 1, \"right\": 94}]}")
    }
    let old = try answers(of: reference, rows)
    let new = try answers(of: candidate, rows)
    return ClozeReport(
      questions: rows.count, referenceRight: zip(old, rows).filter { $0 == $1.right }.count,
      candidateRight: zip(new, rows).filter { $0 == $1.right }.count,
      agreeing: zip(old, new).filter { $0 == $1 }.count)
  }

  /// Questions asked at once: the logits of one pass take rows · tokens · vocabulary numbers.
  private static let batch = 64

  private func answers(of model: Model, _ rows: [Row]) throws(SmithError) -> [Int] {
    var all: [Int] = []
    for start in stride(from: 0, to: rows.count, by: Self.batch) {
      let some = Array(rows[start..<min(rows.count, start + Self.batch)])
      do throws(SmithError) { all += try answers(of: model, toSome: some) } catch {
        // A question that the model has no embedding for is the file's fault, not the caller's.
        guard error.kind == .usage else { throw error }
        throw SmithError(.mismatch, error.detail, at: error.place).at(file: path)
      }
    }
    return all
  }

  private func answers(of model: Model, toSome rows: [Row]) throws(SmithError) -> [Int] {
    let input = EncoderInput(padding: rows.map(\.ids), with: model.configuration.padding)
    let pass = try model.run(.tokens(input), taps: .none, workers: .all)
    guard let logits = pass["heads.mlm.logits"], let width = logits.shape.last else {
      throw SmithError(
        .missing, "the model has no masked-language head", at: Place(file: model.checkpoint.path))
    }
    return rows.enumerated().map { index, row in
      let start = (index * input.length + row.maskAt) * width
      return (0..<width).max { logits.values[start + $0] < logits.values[start + $1] } ?? 0
    }
  }
}

/// How two models did on the same questions.
public struct ClozeReport: Hashable, Sendable {
  public var questions: Int
  public var referenceRight: Int
  public var candidateRight: Int
  /// Questions to which both gave the same answer, right or not.
  public var agreeing: Int

  public var json: JSON {
    [
      "questions": .integer(questions), "referenceRight": .integer(referenceRight),
      "candidateRight": .integer(candidateRight), "agreeing": .integer(agreeing),
    ]
  }
}
