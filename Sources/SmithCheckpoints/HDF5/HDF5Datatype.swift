import CHDF5
import SmithBytes
import SmithTensors

/// The type of a dataset's elements: ours, and what must be done to its bytes.
struct HDF5Datatype: Hashable, Sendable {
  var dtype: DType
  /// Bytes of one element in the file.
  var size: Int
  /// Bytes whose order is reversed on reading; 1 where nothing is.
  var swapWidth: Int

  /// `H5T_COMPLEX`, which headers before 2.0 do not have.
  private static let complexClass = H5T_class_t(rawValue: 11)

  static let opaque = HDF5Datatype(dtype: .opaque, size: 0, swapWidth: 1)

  /// Reads the type; `annotation` is the dataset's attribute `dtype`, with which Keras names a bfloat16 that it stores as
  /// two opaque bytes. What has no counterpart here is `.opaque`: listed, not read.
  init(_ type: hid_t, annotation: String?) {
    let kind = H5Tget_class(type)
    let size = H5Tget_size(type)
    self = Self.opaque
    switch kind {
    case H5T_INTEGER: self = Self.integer(type, size: size)
    case H5T_FLOAT: self = Self.float(type, size: size)
    case H5T_STRING: dtype = .string
    case H5T_OPAQUE where size == 2 && (annotation ?? Self.tag(of: type)) == "bfloat16":
      self = HDF5Datatype(dtype: .bf16, size: 2, swapWidth: 1)
    case H5T_ENUM: self = Self.enumeration(type, size: size)
    case H5T_COMPOUND: self = Self.compound(type, size: size)
    case Self.complexClass: self = Self.complex(of: type, size: size)
    default: break
    }
    if dtype == .u16, annotation == "bfloat16" { dtype = .bf16 }
  }

  init(dtype: DType, size: Int, swapWidth: Int) {
    self.dtype = dtype
    self.size = size
    self.swapWidth = swapWidth
  }

  /// `dtype` in the order of `type`; opaque for VAX and mixed orders.
  private static func ordered(_ dtype: DType, _ type: hid_t, part: Int) -> HDF5Datatype {
    switch H5Tget_order(type) {
    case H5T_ORDER_LE: HDF5Datatype(dtype: dtype, size: dtype.width, swapWidth: 1)
    case H5T_ORDER_BE: HDF5Datatype(dtype: dtype, size: dtype.width, swapWidth: part)
    default: opaque
    }
  }

  /// Only integers that fill their bytes: the library also knows 12 bits in 16.
  private static func integer(_ type: hid_t, size: Int) -> HDF5Datatype {
    guard H5Tget_precision(type) == 8 * size, H5Tget_offset(type) == 0 else { return opaque }
    let dtype: DType
    switch (size, H5Tget_sign(type) == H5T_SGN_2) {
    case (1, true): dtype = .i8
    case (1, false): dtype = .u8
    case (2, true): dtype = .i16
    case (2, false): dtype = .u16
    case (4, true): dtype = .i32
    case (4, false): dtype = .u32
    case (8, true): dtype = .i64
    case (8, false): dtype = .u64
    default: return opaque
    }
    return ordered(dtype, type, part: size)
  }

  /// Bit layout of a floating-point type: sign position, exponent position and size, mantissa size, bias (formats §3.2).
  private struct Layout: Hashable {
    var sign: Int
    var exponent: Int
    var exponentBits: Int
    var mantissaBits: Int
    var bias: Int
  }

  private static let floats: [Layout: DType] = [
    Layout(sign: 7, exponent: 3, exponentBits: 4, mantissaBits: 3, bias: 7): .f8e4m3,
    Layout(sign: 7, exponent: 2, exponentBits: 5, mantissaBits: 2, bias: 15): .f8e5m2,
    Layout(sign: 15, exponent: 10, exponentBits: 5, mantissaBits: 10, bias: 15): .f16,
    Layout(sign: 15, exponent: 7, exponentBits: 8, mantissaBits: 7, bias: 127): .bf16,
    Layout(sign: 31, exponent: 23, exponentBits: 8, mantissaBits: 23, bias: 127): .f32,
    Layout(sign: 63, exponent: 52, exponentBits: 11, mantissaBits: 52, bias: 1023): .f64,
  ]

  private static func float(_ type: hid_t, size: Int) -> HDF5Datatype {
    var (sign, exponent, exponentBits, mantissa, mantissaBits) = (0, 0, 0, 0, 0)
    guard H5Tget_fields(type, &sign, &exponent, &exponentBits, &mantissa, &mantissaBits) >= 0,
      mantissa == 0, H5Tget_offset(type) == 0
    else { return opaque }
    let layout = Layout(
      sign: sign, exponent: exponent, exponentBits: exponentBits, mantissaBits: mantissaBits,
      bias: H5Tget_ebias(type))
    guard let dtype = floats[layout], dtype.width == size else { return opaque }
    return ordered(dtype, type, part: size)
  }

  /// numpy's bool is an enumeration of one byte with FALSE = 0 and TRUE = 1; other enumerations are their integers.
  private static func enumeration(_ type: hid_t, size: Int) -> HDF5Datatype {
    let base = H5Tget_super(type)
    guard base >= 0 else { return opaque }
    defer { H5Tclose(base) }
    if size == 1, H5Tget_nmembers(type) == 2, member("FALSE", of: type) == 0,
      member("TRUE", of: type) == 1
    {
      return HDF5Datatype(dtype: .bool, size: 1, swapWidth: 1)
    }
    return integer(base, size: size)
  }

  private static func member(_ name: String, of type: hid_t) -> UInt8? {
    var value: UInt8 = 0
    return H5Tenum_valueof(type, name, &value) >= 0 ? value : nil
  }

  /// numpy's complex numbers: a compound of `r` and `i`, nothing between them.
  private static func compound(_ type: hid_t, size: Int) -> HDF5Datatype {
    guard H5Tget_nmembers(type) == 2, H5Tget_member_index(type, "r") == 0,
      H5Tget_member_index(type, "i") == 1, H5Tget_member_offset(type, 0) == 0,
      H5Tget_member_offset(type, 1) == size / 2
    else { return opaque }
    let real = H5Tget_member_type(type, 0)
    let imaginary = H5Tget_member_type(type, 1)
    defer {
      H5Tclose(real)
      H5Tclose(imaginary)
    }
    guard real >= 0, imaginary >= 0, H5Tequal(real, imaginary) > 0 else { return opaque }
    return pair(of: real, size: size)
  }

  private static func complex(of type: hid_t, size: Int) -> HDF5Datatype {
    let part = H5Tget_super(type)
    guard part >= 0 else { return opaque }
    defer { H5Tclose(part) }
    return pair(of: part, size: size)
  }

  private static func pair(of part: hid_t, size: Int) -> HDF5Datatype {
    guard H5Tget_class(part) == H5T_FLOAT else { return opaque }
    let component = float(part, size: size / 2)
    switch component.dtype {
    case .f32: return HDF5Datatype(dtype: .c64, size: 8, swapWidth: component.swapWidth)
    case .f64: return HDF5Datatype(dtype: .c128, size: 16, swapWidth: component.swapWidth)
    default: return opaque
    }
  }

  private static func tag(of type: hid_t) -> String? {
    guard let text = H5Tget_tag(type) else { return nil }
    defer { H5free_memory(text) }
    return String(cString: text)
  }
}
