#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Int {
  /// `1,234,567`.
  var grouped: String {
    var text: [UInt8] = []
    text.append(grouped: self)
    return String(decoding: text, as: UTF8.self)
  }

  /// Bytes for people: `512 B`, `925.2 kB`, `1.34 GB`.
  var asBytes: String {
    let units = ["kB", "MB", "GB", "TB"]
    if self < 1000 { return "\(self) B" }
    var value = Double(self) / 1000
    var unit = 0
    while value >= 999.95, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let tenths = value >= 100 || unit == 0 ? 10.0 : 100.0
    return "\((value * tenths).rounded() / tenths) \(units[unit])"
  }
}

extension [UInt8] {
  /// Appends `1,234,567`.
  mutating func append(grouped number: Int) { append(number, separator: UInt8(ascii: ",")) }

  /// Appends `[2, 3]`.
  mutating func append(shape: [Int]) {
    append(UInt8(ascii: "["))
    for (index, dimension) in shape.enumerated() {
      if index > 0 {
        append(UInt8(ascii: ","))
        append(UInt8(ascii: " "))
      }
      append(dimension, separator: nil)
    }
    append(UInt8(ascii: "]"))
  }

  /// Decimal digits, with `separator` after every three.
  private mutating func append(_ number: Int, separator: UInt8?) {
    if number < 0 { append(UInt8(ascii: "-")) }
    let start = count
    var (rest, digits) = (number.magnitude, 0)
    repeat {
      if let separator, digits > 0, digits % 3 == 0 { append(separator) }
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      (rest, digits) = (rest / 10, digits + 1)
    } while rest > 0
    self[start...].reverse()
  }
}

extension Double {
  /// Two digits and an exponent, `2.4e-06`; `0` for zero.
  var short: String {
    if self == 0 { return "0" }
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    let exponent = Int(log10(magnitude).rounded(.down))
    var mantissa = (self / pow(10, Double(exponent)) * 10).rounded() / 10
    var power = exponent
    if mantissa.magnitude >= 10 {
      mantissa /= 10
      power += 1
    }
    let sign = power < 0 ? "-" : "+"
    return "\(mantissa)e\(sign)\(power.magnitude < 10 ? "0" : "")\(power.magnitude)"
  }

  /// Fixed digits after the point.
  func fixed(_ digits: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : "inf" }
    let scale = pow(10, Double(digits))
    let whole = Int((magnitude * scale).rounded())
    let fraction = String(whole % Int(scale))
    let padded = String(repeating: "0", count: digits - fraction.count) + fraction
    return (self < 0 ? "-" : "") + "\(whole / Int(scale))." + padded
  }
}
