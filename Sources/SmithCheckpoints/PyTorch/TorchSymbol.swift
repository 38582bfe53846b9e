import SmithTensors

/// What we make of a global. The table is all there is: any other name is kept as inert data and reported.
enum TorchSymbol: Equatable {
  /// Keys and values.
  case dictionary
  /// Elements, given as the only argument.
  case sequence
  /// A tensor over a storage, by the function that would rebuild it.
  case tensor(TensorForm)
  /// Its first argument and no more: a parameter is its tensor.
  case wrapper
  /// A call of its first argument with the elements of its third.
  case rebuildFromType
  case numpyScalar, numpyArray, numpyDType
  /// Text to bytes, one byte a character.
  case encode
  /// How protocol 2 says no bytes: a call without arguments.
  case emptyBytes
  /// Types and constants.
  case inert

  enum TensorForm { case v1, v2, v3, quantized }

  static let table: [String: TorchSymbol] = [
    "collections.OrderedDict": .dictionary,
    "collections.defaultdict": .dictionary,
    "collections.Counter": .dictionary,
    "builtins.dict": .dictionary, "__builtin__.dict": .dictionary,
    "builtins.set": .sequence, "__builtin__.set": .sequence,
    "builtins.frozenset": .sequence, "__builtin__.frozenset": .sequence,
    "builtins.list": .sequence, "__builtin__.list": .sequence,
    "builtins.tuple": .sequence, "__builtin__.tuple": .sequence,
    "torch.Size": .sequence,
    "torch.jit._pickle.build_intlist": .sequence,
    "torch.jit._pickle.build_doublelist": .sequence,
    "torch.jit._pickle.build_boollist": .sequence,
    "torch.jit._pickle.build_tensorlist": .sequence,
    "torch.jit._pickle.restore_type_tag": .wrapper,

    "torch._utils._rebuild_tensor": .tensor(.v1),
    "torch._utils._rebuild_tensor_v2": .tensor(.v2),
    "torch._utils._rebuild_tensor_v3": .tensor(.v3),
    "torch._utils._rebuild_qtensor": .tensor(.quantized),
    "torch._utils._rebuild_parameter": .wrapper,
    "torch._utils._rebuild_parameter_with_state": .wrapper,
    "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
    "torch.tensor._rebuild_from_type_v2": .rebuildFromType,

    "numpy.core.multiarray.scalar": .numpyScalar,
    "numpy._core.multiarray.scalar": .numpyScalar,
    "numpy.core.multiarray._reconstruct": .numpyArray,
    "numpy._core.multiarray._reconstruct": .numpyArray,
    "numpy.dtype": .numpyDType,
    "numpy.ndarray": .inert,
    "_codecs.encode": .encode,
    "builtins.bytes": .emptyBytes, "__builtin__.bytes": .emptyBytes,

    "torch.device": .inert,
    "torch.Tensor": .inert,
    "torch.nn.parameter.Parameter": .inert,
    "torch.nn.parameter.Buffer": .inert,
    "torch.serialization._get_layout": .inert,
    "torch.per_tensor_affine": .inert,
    "torch.per_channel_affine": .inert,
    "torch.per_channel_affine_float_qparams": .inert,
    "builtins.int": .inert, "__builtin__.int": .inert,
    "builtins.float": .inert, "__builtin__.float": .inert,
    "builtins.complex": .inert, "__builtin__.complex": .inert,
    "builtins.bytearray": .inert, "__builtin__.bytearray": .inert,
  ]

  /// What a global means to us; nil for everything outside the table.
  init?(_ symbol: PickleSymbol) {
    if let known = Self.table[symbol.text] {
      self = known
    } else if TorchElement.dtype(symbol) != nil || TorchElement.isStorageType(symbol) {
      self = .inert
    } else {
      return nil
    }
  }
}

/// torch's element types: as `torch.float32`, and as the storage classes of persistent ids.
enum TorchElement {
  static let dtypes: [String: DType] = [
    "float32": .f32, "float": .f32, "float64": .f64, "double": .f64, "float16": .f16,
    "half": .f16, "bfloat16": .bf16, "uint8": .u8, "int8": .i8, "int16": .i16, "short": .i16,
    "int32": .i32, "int": .i32, "int64": .i64, "long": .i64, "bool": .bool, "uint16": .u16,
    "uint32": .u32, "uint64": .u64, "complex64": .c64, "cfloat": .c64, "complex128": .c128,
    "cdouble": .c128, "float8_e4m3fn": .f8e4m3, "float8_e5m2": .f8e5m2,
    "float8_e4m3fnuz": .f8e4m3fnuz, "float8_e5m2fnuz": .f8e5m2fnuz, "float8_e8m0fnu": .f8e8m0,
    "qint8": .i8, "quint8": .u8, "qint32": .i32,
    "float4_e2m1fn_x2": .opaque, "complex32": .opaque, "quint4x2": .opaque, "quint2x4": .opaque,
  ]

  static let storages: [String: DType] = [
    "FloatStorage": .f32, "DoubleStorage": .f64, "HalfStorage": .f16, "BFloat16Storage": .bf16,
    "ByteStorage": .u8, "CharStorage": .i8, "ShortStorage": .i16, "IntStorage": .i32,
    "LongStorage": .i64, "BoolStorage": .bool, "ComplexFloatStorage": .c64,
    "ComplexDoubleStorage": .c128, "QInt8Storage": .i8, "QUInt8Storage": .u8,
    "QInt32Storage": .i32, "QUInt4x2Storage": .opaque, "QUInt2x4Storage": .opaque,
  ]

  /// Storages of bytes without a type.
  static let untyped = "UntypedStorage"

  private static let modules: Set = ["torch", "torch.storage", "torch.cuda"]

  static func dtype(_ symbol: PickleSymbol) -> DType? {
    symbol.module == "torch" ? dtypes[symbol.name] : nil
  }

  static func isStorageType(_ symbol: PickleSymbol) -> Bool {
    modules.contains(symbol.module)
      && (symbol.name == untyped || storages[symbol.name] != nil)
  }
}
