extension Family {
  /// The parameters of a model in the order of the table: rows whose names count the same things stand together, once for each value of
  /// their places.
  ///
  /// - Parameter values: The values of each place.
  /// - Returns: The names filled in, with their rows, whose dimensions are filled in too.
  func parameterNames(
    _ values: (_ place: String) -> [Int]
  ) -> [(name: String, row: ParameterRow)] {
    var result: [(String, ParameterRow)] = []
    var done: Set<[String]> = []
    for row in parameters {
      let places = row.name.places
      if places.isEmpty {
        result.append((row.name.text, row))
        continue
      }
      guard done.insert(places).inserted else { continue }
      let siblings = parameters.filter { $0.name.places == places }
      for filling in Self.fillings(places, values) {
        result += siblings.map { ($0.name.filled(with: filling), $0.filled(with: filling)) }
      }
    }
    return result
  }

  /// Every combination of the places' values, the last place running fastest.
  private static func fillings(
    _ places: [String], _ values: (String) -> [Int]
  ) -> [[String: Int]] {
    places.reduce([[:]]) { fillings, place in
      fillings.flatMap { filling in
        values(place).map { filling.merging([place: $0]) { $1 } }
      }
    }
  }

  /// The names of a model of this configuration; optional parts are among them, whether it has them or not.
  func parameterNames(in configuration: ModelConfiguration) -> [(name: String, row: ParameterRow)] {
    parameterNames { place in
      guard let size = counts[place] else { return configuration.runningBlocks }
      return Array(0..<configuration[size])
    }
  }
}

extension ParameterRow {
  fileprivate func filled(with places: [String: Int]) -> ParameterRow {
    var row = self
    row.dimensions = dimensions.map { $0.filled(with: places) }
    return row
  }
}
