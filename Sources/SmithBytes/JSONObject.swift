/// The members of a JSON object in order. Keys are unique byte for byte: unlike Swift's `String ==`, a composed and a
/// decomposed "é" are two keys, as they are in a tokenizer's vocabulary.
///
/// Two objects are equal when they have the same members in the same order.
public struct JSONObject: Sendable {
  public private(set) var keys: [String] = []
  private var values: [JSON] = []
  /// Positions by key, kept once there are more members than a scan finds quickly.
  private var positions: [ExactKey: Int] = [:]
  private static let scanLimit = 12

  public init() {}

  public subscript(key: String) -> JSON? {
    get { position(of: key).map { values[$0] } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): values[position] = value
      case (_?, nil): remove(key)
      case (nil, let value?): append(key, value)
      case (nil, nil): break
      }
    }
  }

  /// Adds a member at the end; false, and nothing changed, when the key is there already.
  public mutating func insert(_ key: String, _ value: JSON) -> Bool {
    if position(of: key) != nil { return false }
    append(key, value)
    return true
  }

  /// Takes a member out and returns its value.
  @discardableResult
  public mutating func remove(_ key: String) -> JSON? {
    guard let position = position(of: key) else { return nil }
    keys.remove(at: position)
    positions = [:]
    if keys.count > Self.scanLimit { index() }
    return values.remove(at: position)
  }

  private mutating func append(_ key: String, _ value: JSON) {
    keys.append(key)
    values.append(value)
    if positions.isEmpty {
      if keys.count > Self.scanLimit { index() }
    } else {
      positions[ExactKey(text: key)] = keys.count - 1
    }
  }

  private mutating func index() {
    for (position, key) in keys.enumerated() { positions[ExactKey(text: key)] = position }
  }

  private func position(of key: String) -> Int? {
    let exact = ExactKey(text: key)
    if !positions.isEmpty { return positions[exact] }
    return keys.firstIndex { ExactKey(text: $0) == exact }
  }
}

extension JSONObject: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { keys.count }
  public subscript(position: Int) -> (key: String, value: JSON) {
    (keys[position], values[position])
  }
}

extension JSONObject: Hashable {
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.keys.elementsEqual(right.keys) { $0.utf8.elementsEqual($1.utf8) }
      && left.values == right.values
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(keys)
    hasher.combine(values)
  }
}

/// A string that is equal to another only when their UTF-8 is.
private struct ExactKey: Hashable {
  let text: String

  static func == (left: ExactKey, right: ExactKey) -> Bool {
    left.text == right.text && left.text.utf8.elementsEqual(right.text.utf8)
  }

  // String's own hash is that of the normalized text: equal for equal bytes, which is all that is needed.
  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Keys in the order written; of a key written twice the last value counts.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self.init()
    for (key, value) in elements { self[key] = value }
  }
}
