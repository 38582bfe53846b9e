import Weightsmith

/// What `--scheme` names: a scheme, or one of the narrower float types.
enum SchemeChoice {
  private static let types: [DType] = [.f16, .bf16]

  /// Schemes that are no combination of parameters, and types.
  private static let single =
    Schemes.all.filter { !($0 is AffineScheme) }.map(\.name) + types.map(\.rawValue)

  /// What a person chooses from.
  static let described =
    "int2 ... int8 with -channel, -g32, -g64 or -g128 and -asym or -bias, such as int4-g32-asym; "
    + single.joined(separator: ", ")

  private static let names = Schemes.all.map(\.name) + types.map(\.rawValue)

  /// The one search for scales there is.
  static let searches = ["mse"]

  /// `search` is how scales are looked for, nil for the scheme's own rule.
  static func parse(_ name: String, search: String?) throws(SmithError) -> EncodingChoice {
    let choice = try parse(name)
    guard let search else { return choice }
    guard searches.contains(search) else {
      throw SmithError(.usage, "--search \(search): expected mse")
    }
    guard let scheme = Schemes.named("\(name)+\(search)") else {
      throw SmithError(
        .usage, "--search \(search): \(name) has a rule of its own",
        remedy: "int2 ... int8 with -channel, -g32, -g64 or -g128")
    }
    return .scheme(scheme)
  }

  /// What `--layout` names, nil for our own.
  static func layout(_ name: String?) throws(SmithError) -> String? {
    guard let name, name != Layouts.own else { return nil }
    guard Layouts.names.contains(name) else {
      throw SmithError(
        .usage, "--layout \(name): expected \(Layouts.names.joined(separator: ", "))",
        remedy: Layouts.names.nearest(to: name).map { "--layout \($0)" })
    }
    return name
  }

  /// Several names between commas, for a search to choose from.
  static func list(_ names: String) throws(SmithError) -> [EncodingChoice] {
    try names.split(separator: ",").map { name throws(SmithError) in
      try parse(name.filter { $0 != " " })
    }
  }

  static func parse(_ name: String) throws(SmithError) -> EncodingChoice {
    if let type = types.first(where: { $0.rawValue == name }) { return .type(type) }
    if Schemes.readOnly.contains(where: { $0.name == name }) {
      throw SmithError(.usage, "--scheme \(name): its blocks are read, not written")
    }
    guard let scheme = Schemes.named(name) else {
      throw SmithError(
        .usage, "--scheme \(name): expected \(described)",
        remedy: names.nearest(to: name).map { "--scheme \($0)" })
    }
    return .scheme(scheme)
  }
}

extension [String] {
  /// The name that takes the fewest insertions, removals and exchanges of a character, the first of several; nil where every one
  /// takes more than half of its letters. Capitals, `-` and `_` do not count.
  func nearest(to word: String) -> String? {
    let letters = word.letters
    let rated = map { (name: $0, edits: $0.letters.edits(to: letters)) }
    guard let best = rated.min(by: { $0.edits < $1.edits }),
      best.edits * 2 <= best.name.letters.count
    else { return nil }
    return best.name
  }
}

extension String {
  fileprivate var letters: [Character] {
    lowercased().filter { $0 != "-" && $0 != "_" }.map(\.self)
  }
}

extension [Character] {
  /// Levenshtein's distance.
  fileprivate func edits(to other: [Character]) -> Int {
    var row = Array<Int>(0...other.count)
    for (i, letter) in enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, wanted) in other.enumerated() {
        let exchanged = diagonal + (letter == wanted ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = Swift.min(exchanged, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[other.count]
  }
}
