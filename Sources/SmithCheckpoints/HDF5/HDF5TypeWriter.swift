import CHDF5
import SmithBytes
import SmithTensors

/// The stored form of each element type: what numpy and h5py make of it, always little endian.
enum HDF5TypeWriter {
  static func type(_ tensor: TensorInfo) throws(SmithError) -> HDF5Handle {
    let item = tensor.name
    let id: hid_t
    switch tensor.encoding.dtype {
    case .i8, .i16, .i32, .i64:
      id = H5Tcopy(ws_h5t_integer(Int32(tensor.encoding.dtype?.width ?? 0), 1))
    case .u8, .u16, .u32, .u64:
      id = H5Tcopy(ws_h5t_integer(Int32(tensor.encoding.dtype?.width ?? 0), 0))
    case .f16: id = half()
    case .f32: id = H5Tcopy(ws_h5t_f32())
    case .f64: id = H5Tcopy(ws_h5t_f64())
    // As Keras 3 has it: two opaque bytes, and an attribute that says what they are.
    case .bf16: id = H5Tcreate(H5T_OPAQUE, 2)
    case .bool: id = bool()
    case .c64: id = complex(ws_h5t_f32(), 4)
    case .c128: id = complex(ws_h5t_f64(), 8)
    default:
      throw SmithError(
        .unsupported, "HDF5 files do not hold \(tensor.encoding.name)", at: Place(item: item))
    }
    return try HDF5Handle(id, "the type \(tensor.encoding.name)", item: item, close: H5Tclose)
  }

  private static func half() -> hid_t {
    let type = H5Tcopy(ws_h5t_f32())
    let made =
      H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0
      && H5Tset_ebias(type, 15) >= 0
    return made ? type : -1
  }

  private static func bool() -> hid_t {
    let type = H5Tenum_create(ws_h5t_integer(1, 1))
    for (name, value) in [("FALSE", Int8(0)), ("TRUE", 1)] {
      var value = value
      guard H5Tenum_insert(type, name, &value) >= 0 else { return -1 }
    }
    return type
  }

  private static func complex(_ part: hid_t, _ width: Int) -> hid_t {
    let type = H5Tcreate(H5T_COMPOUND, 2 * width)
    guard H5Tinsert(type, "r", 0, part) >= 0, H5Tinsert(type, "i", width, part) >= 0 else {
      return -1
    }
    return type
  }
}
