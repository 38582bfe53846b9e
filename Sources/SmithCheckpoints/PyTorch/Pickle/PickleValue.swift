/// A value of a pickle: inert data, whatever the pickle says. Containers and calls are positions in `Pickle.nodes`, so that sharing
/// costs nothing, depth costs no stack, and nothing is ever expanded.
enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer beyond 64 bits: little endian, two's complement.
  case long([UInt8])
  case real(Double)
  case text(String)
  case bytes([UInt8])
  /// A global by its position in `Pickle.symbols`: two names and nothing behind them.
  case symbol(Int)
  case node(Int)
}

/// The name of a Python global. It is never looked up.
struct PickleSymbol: Hashable, Sendable {
  var module: String
  var name: String

  /// `argparse.Namespace`.
  var text: String { "\(module).\(name)" }
}

/// A container, or a call that was not made.
struct PickleNode: Sendable {
  enum Kind: Sendable {
    case tuple, list, dictionary, set
    /// REDUCE or NEWOBJ: `callee` and `arguments`, and what APPENDS, SETITEMS and BUILD added.
    case call
    /// BINPERSID: `arguments` is the persistent id.
    case persistent
  }

  var kind: Kind
  var callee = PickleValue.none
  var arguments = PickleValue.none
  /// The elements of a tuple, list or set; keys and values in turn of a dictionary. Of a call, what was appended.
  var items: [PickleValue] = []
  /// Keys and values in turn that were set on a call.
  var pairs: [PickleValue] = []
  /// What BUILD attached.
  var state: PickleValue?
}

/// What one pickle says.
struct Pickle: Sendable {
  var root = PickleValue.none
  var nodes: [PickleNode] = []
  /// Every global that was named, once, in the order met.
  var symbols: [PickleSymbol] = []
  /// What each symbol means to us, nil for those outside the table.
  var meanings: [TorchSymbol?] = []

  func node(_ value: PickleValue?) -> PickleNode? {
    if case .node(let index)? = value { nodes[index] } else { nil }
  }

  /// The elements of a tuple.
  func tuple(_ value: PickleValue?) -> [PickleValue]? {
    guard let node = node(value), node.kind == .tuple else { return nil }
    return node.items
  }

  func symbol(_ value: PickleValue?) -> PickleSymbol? {
    if case .symbol(let index)? = value { symbols[index] } else { nil }
  }

  func meaning(_ value: PickleValue?) -> TorchSymbol? {
    if case .symbol(let index)? = value { meanings[index] } else { nil }
  }
}

extension PickleValue {
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
}
