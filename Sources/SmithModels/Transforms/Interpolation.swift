#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One model between two of the same configuration, parameter by parameter, in the canonical layout.
public struct Interpolation: Hashable, Sendable {
  public enum Method: String, CaseIterable, Sendable {
    /// (1 − t)·a + t·b.
    case linear
    /// Along the great circle between the directions of a and b (Shoemake 1985), as mergekit does it: each parameter is one vector;
    /// where the cosine is beyond ±0.9995 linear.
    case spherical = "slerp"
  }

  public var method: Method
  /// 0 is the first model, 1 the other.
  public var t: Double

  public init(_ method: Method, t: Double) {
    self.method = method
    self.t = t
  }

  static let parallel = 0.9995
  /// Vectors shorter than this have no direction: they are taken as they are (mergekit's eps).
  static let shortest = 1e-8

  /// The weights of a and b for a parameter whose vectors stand at this angle.
  public func weights(_ angle: Angle) -> (Double, Double) {
    let linear = (1 - t, t)
    guard method == .spherical else { return linear }
    let cosine = angle.cosine
    // NaN stays NaN either way.
    guard cosine.magnitude <= Self.parallel else { return linear }
    let theta = acos(cosine)
    return (sin(theta - theta * t) / sin(theta), sin(theta * t) / sin(theta))
  }

  /// The sums that give the cosine between two vectors.
  public struct Angle: Sendable {
    private var dot = 0.0
    private var squares = (a: 0.0, b: 0.0)

    public init() {}

    public mutating func add(_ a: [Double], _ b: [Double]) {
      for index in a.indices {
        dot += a[index] * b[index]
        squares.a += a[index] * a[index]
        squares.b += b[index] * b[index]
      }
    }

    public var cosine: Double {
      let (a, b) = (squares.a.squareRoot(), squares.b.squareRoot())
      return dot / (a > Interpolation.shortest ? a : 1) / (b > Interpolation.shortest ? b : 1)
    }
  }
}
