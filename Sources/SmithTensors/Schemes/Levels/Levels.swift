import SmithBytes

/// The numbers that codes stand for before their scale: sixteen levels, or an 8-bit float.
public struct Levels: Hashable, Sendable {
  /// As in a scheme's name: `nf4`.
  public let name: String
  /// A value for each code.
  public let values: [Float]
  /// The magnitude that the largest weight of a group gets.
  public let most: Float
  /// f8e4m3 or f8e5m2, or u8 where two codes of four bits share a byte.
  public let dtype: DType
  /// Which of two codes in a byte comes first.
  public let isHighFirst: Bool
  /// Whether the levels are stored beside the codes, as bitsandbytes does.
  public let isStored: Bool
  /// The scale of a group of zeros.
  public let emptyScale: Float

  public var bits: Int { values.count == 16 ? 4 : 8 }

  static let all = [nf4, fp4, e2m1, e4m3, e5m2]

  /// Quantiles of the normal distribution (QLoRA; models §15), by decreasing digits as bitsandbytes has them.
  static let nf4 = Levels(
    name: "nf4",
    sixteen: [
      -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
      -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
      0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
      0.7229568362236023, 1,
    ], most: 1, isHighFirst: true)

  /// bitsandbytes' floats of four bits: twelfths, and a small one.
  static let fp4 = Levels(
    name: "fp4",
    sixteen: [
      0, 0.0052083334885537624, 0.6666666865348816, 1, 0.3333333432674408, 0.5,
      0.1666666716337204, 0.25,
    ].signed(negativeZero: 0), most: 1, isHighFirst: true)

  /// The four-bit float of the OCP microscaling formats: two bits of exponent, one of fraction.
  static let e2m1 = Levels(
    name: "fp4-e2m1", sixteen: [0, 0.5, 1, 1.5, 2, 3, 4, 6].signed(negativeZero: -0.0), most: 6,
    isHighFirst: false)

  static let e4m3 = Levels(name: "fp8-e4m3", dtype: .f8e4m3, most: 448)
  static let e5m2 = Levels(name: "fp8-e5m2", dtype: .f8e5m2, most: 57344)

  private init(name: String, sixteen: [Float], most: Float, isHighFirst: Bool) {
    self.name = name
    values = sixteen
    self.most = most
    dtype = .u8
    self.isHighFirst = isHighFirst
    isStored = isHighFirst
    emptyScale = 0
  }

  private init(name: String, dtype: DType, most: Float) {
    self.name = name
    let codes = (0...255).map { UInt8($0) }
    values = (try? [Float](converting: codes, from: dtype)) ?? []
    self.most = most
    self.dtype = dtype
    isHighFirst = false
    isStored = false
    emptyScale = 1
  }

  /// bitsandbytes' signed map of 256 levels for the scales of scales: seven decades of ever finer steps, 0 and 1
  /// (`create_dynamic_map`).
  static let dynamic: [Float] = {
    var levels: [Float] = [0, 1]
    var decade = 1e-6
    for power in 0..<7 {
      let steps = 1 << power
      let step = (1 - Float(0.1)) / Float(steps)
      // The two halves from either end, each value rounded once.
      let bounds = (0...steps).map { index in
        index < (steps + 1) / 2
          ? Float(Double(Float(0.1)) + Double(step) * Double(index))
          : Float(1 - Double(step) * Double(steps - index))
      }
      for (low, high) in zip(bounds, bounds.dropFirst()) {
        let level = (low + high) / 2 * Float(decade)
        levels += [level, -level]
      }
      decade = Self.decades[min(power + 1, 6)]
    }
    return levels.sorted()
  }()

  private static let decades = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]
}

extension [Float] {
  /// These, then their negatives.
  fileprivate func signed(negativeZero: Float) -> [Float] {
    self + map { $0 == 0 ? negativeZero : -$0 }
  }
}
