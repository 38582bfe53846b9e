import SmithBytes
import SmithTensors

extension ModelConfiguration {
  /// The settings as typed entries of a container: sizes u32, other numbers f32, in the order of the dialect's table. Empty for a dialect
  /// whose settings stand elsewhere.
  public func entries(for dialect: Dialect) -> [ContainerMetadata.Entry] {
    guard let prefix = dialect.configuration.entryPrefix else { return [] }
    return settings(of: dialect.configuration).compactMap { key, value in
      MetadataValue(setting: value).map { ContainerMetadata.Entry(prefix + key, $0) }
    }
  }
}

extension MetadataValue {
  fileprivate init?(setting value: JSON) {
    switch value {
    case .integer(let number): self = .u32(UInt32(clamping: number))
    case .number(let number): self = .f32(Float(number))
    case .string(let text): self = .string(text)
    case .bool(let flag): self = .bool(flag)
    default: return nil
    }
  }

  /// The value as a configuration file would say it; nil for lists. A number in f32 is the shortest decimal that is read as it.
  public var json: JSON? {
    if let number = intValue { return .integer(number) }
    switch self {
    case .bool(let value): return .bool(value)
    case .f32(let value): return value.isFinite ? .number(value.decimal) : nil
    case .f64(let value): return value.isFinite ? .number(value) : nil
    case .string(let text): return .string(text)
    default: return nil
    }
  }
}

extension Float {
  /// The number that somebody wrote down before it became f32: 1e-12, not 9.999999960041972e-13.
  fileprivate var decimal: Double { Double(description) ?? Double(self) }
}

extension Double {
  /// Whether it comes back from f32 as the decimal it is.
  var isSingle: Bool { Float(self).decimal == self }
}
