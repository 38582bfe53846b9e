import SmithBytes

/// What an architecture asks for its weights: canonical name and expected shape in, numbers out (DESIGN §3 for the names).
public protocol ParameterSource: Sendable {
  func contains(_ name: String) -> Bool
  /// The dimensions of a parameter that is there, nil otherwise.
  func shape(of name: String) -> [Int]?
  /// The parameter as f32, row-major, matrices [out, in]. `.missing` or `.mismatch` with the canonical name as item.
  func values(_ name: String, shape: [Int]) throws(SmithError) -> [Float]
}
