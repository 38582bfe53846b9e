import SmithBytes
import SmithTensors

/// What the `descr` of an array says: byte order, kind and size of its elements.
enum NPYElement: Hashable, Sendable {
  /// Numbers; `swapWidth` is the width of what has to be turned around, 1 for little endian. A guess is one that the file does not
  /// state: the two bytes of unknown kind that numpy writes for a bfloat16.
  case numbers(DType, swapWidth: Int, isGuess: Bool)
  /// Text of so many bytes each.
  case text(width: Int)
  /// Something we name and do not read.
  case unreadable(String)

  /// Kind and size, and whose numbers they are.
  private static let types: [String: DType] = [
    "b1": .bool, "i1": .i8, "u1": .u8, "i2": .i16, "u2": .u16, "i4": .i32, "u4": .u32,
    "i8": .i64, "u8": .u64, "f2": .f16, "f4": .f32, "f8": .f64, "c8": .c64, "c16": .c128,
  ]
  private static let names = Dictionary(uniqueKeysWithValues: types.map { ($1, $0) })

  static let dtypes = Set(types.values)

  init(_ descr: String, at offset: Int) throws(SmithError) {
    let orders: Set<Character> = ["<", ">", "|", "="]
    let order = descr.first.flatMap { orders.contains($0) ? $0 : nil }
    let code = order == nil ? descr : String(descr.dropFirst())
    let size = Int(code.dropFirst())
    switch code.first {
    case "O": self = .unreadable("pickled Python objects")
    case "S", "a":
      guard let size, size >= 0 else { throw Self.unknown(descr, offset) }
      self = .text(width: size)
    case "U":
      guard let size, size >= 0 else { throw Self.unknown(descr, offset) }
      self = .text(width: try size.multiplied(checked: 4))
    case "V" where size == 2 && order != ">":
      self = .numbers(.bf16, swapWidth: 1, isGuess: true)
    case "V": self = .unreadable("elements of unknown kind (\(descr))")
    case "M", "m": self = .unreadable("dates (\(descr))")
    default:
      guard let type = Self.types[code] else { throw Self.unknown(descr, offset) }
      let isComplex = type == .c64 || type == .c128
      let width = isComplex ? type.width / 2 : type.width
      self = .numbers(type, swapWidth: order == ">" ? width : 1, isGuess: false)
    }
  }

  private static func unknown(_ descr: String, _ offset: Int) -> SmithError {
    SmithError(.unsupported, "the element type '\(descr)'", at: Place(offset: offset))
  }

  /// The descr of a type, nil for one that numpy has not.
  static func descr(_ type: DType) -> String? {
    names[type].map { (type.width == 1 ? "|" : "<") + $0 }
  }
}
