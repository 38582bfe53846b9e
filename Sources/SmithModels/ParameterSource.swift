import SmithBytes
import SmithKernels

/// What an architecture asks for its weights: canonical name and expected shape in, numbers out (DESIGN §3 for the names).
public protocol ParameterSource: Sendable {
  func contains(_ name: String) -> Bool
  /// The dimensions of a parameter that is there, nil otherwise.
  func shape(of name: String) -> [Int]?
  /// The parameter as f32, row-major, matrices [out, in]. `.missing` or `.mismatch` with the canonical name as item.
  func values(_ name: String, shape: [Int]) throws(SmithError) -> [Float]
  /// The matrix [out, in] in bytes, where it is stored so and shall be multiplied so; nil where it is `values` that count. Errors as those
  /// of `values`.
  func bytes(_ name: String, shape: [Int]) throws(SmithError) -> ByteMatrix?
}

extension ParameterSource {
  public func bytes(_ name: String, shape: [Int]) throws(SmithError) -> ByteMatrix? { nil }
}
