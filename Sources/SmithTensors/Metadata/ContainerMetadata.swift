import SmithBytes

/// The key-value entries of a container in their order, typed as the container types them. Where a container knows only text, every
/// value is a string and the keys are sorted.
public struct ContainerMetadata: Hashable, Sendable, Codable {
  public struct Entry: Hashable, Sendable, Codable {
    public var key: String
    public var value: MetadataValue

    public init(_ key: String, _ value: MetadataValue) {
      self.key = key
      self.value = value
    }
  }

  /// Keys are unique.
  public private(set) var entries: [Entry] = []

  public init() {}

  /// Entries with unique keys: of two with one key the first counts.
  public init(_ entries: [Entry]) {
    var seen: Set<String> = []
    self.entries = entries.filter { seen.insert($0.key).inserted }
  }

  public init(_ texts: [String: String]) {
    entries = texts.sorted { $0.key.precedes(bytewise: $1.key) }.map {
      Entry($0.key, .string($0.value))
    }
  }

  public var isEmpty: Bool { entries.isEmpty }
  public var keys: [String] { entries.map(\.key) }

  /// Every value as text, long arrays counted.
  public var texts: [String: String] {
    Dictionary(entries.map { ($0.key, $0.value.text) }, uniquingKeysWith: { first, _ in first })
  }

  public func value(_ key: String) -> MetadataValue? {
    entries.first { $0.key == key }?.value
  }

  /// Replaces the value where the key is there, adds an entry at the end where it is not; nil removes it.
  public mutating func set(_ key: String, _ value: MetadataValue?) {
    let position = entries.firstIndex { $0.key == key }
    switch (position, value) {
    case (let position?, let value?): entries[position].value = value
    case (let position?, nil): entries.remove(at: position)
    case (nil, let value?): entries.append(Entry(key, value))
    case (nil, nil): break
    }
  }

  /// The value as text.
  public subscript(key: String) -> String? {
    get { value(key)?.text }
    set { set(key, newValue.map(MetadataValue.string)) }
  }

  public mutating func removeAll(where isUnwanted: (Entry) -> Bool) {
    entries.removeAll(where: isUnwanted)
  }
}

extension ContainerMetadata: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(elements.map { Entry($0, .string($1)) })
  }
}
