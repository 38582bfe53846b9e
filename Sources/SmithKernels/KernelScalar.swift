import CKernels

/// A precision that the kernels exist in: `Float` for work, `Double` for the reference that measures rounding.
public protocol KernelScalar: BinaryFloatingPoint, Sendable {
  /// The C kernels of this precision, in the widest instruction set of the CPU.
  static var kernels: KernelTable<Self> { get }

  /// Weights in this precision.
  static func convert(_ weights: [Float]) -> [Self]
}

/// The C kernels of one precision; `kernels.h` says what each computes.
public struct KernelTable<Scalar>: Sendable {
  typealias In = UnsafePointer<Scalar>?
  typealias Out = UnsafeMutablePointer<Scalar>?

  let panelWidth: Int
  let pack: @Sendable (In, Int, Int, Int, Int, Out) -> Void
  let gemm: @Sendable (In, Int, Int, In, Int, Int, Out, Int) -> Void
  let biasActivate: @Sendable (In, Int, Int, Int, In, Int32, Out, Int) -> Void
  let softmax: @Sendable (Out, Int, Int, Int, Scalar, In) -> Void
  let layerNorm: @Sendable (In, In, Int, Int, In, In, Scalar, Out) -> Void
  let add: @Sendable (In, In, Int, Out) -> Void
  let lstm: @Sendable (In, Int, Scalar, Scalar, Out, Out) -> Void
  let highway: @Sendable (In, In, In, Int, Out) -> Void
  let clip: @Sendable (Out, Int, Scalar) -> Void
  let maxRows: @Sendable (In, Int, Int, Int, Out) -> Void
  let quantizeRows: @Sendable (In, Int, Int, Int, UnsafeMutablePointer<UInt8>?, Out) -> Void
  let scaleSums: @Sendable (UnsafePointer<Int32>?, Int, Int, Int, In, In, Out, Int) -> Void
}

extension Float: KernelScalar {
  public static let kernels = KernelTable<Float>(
    panelWidth: ws_panel_width_f32(), pack: ws_pack_f32, gemm: ws_gemm_f32,
    biasActivate: ws_bias_activate_f32, softmax: ws_softmax_f32, layerNorm: ws_layer_norm_f32,
    add: ws_add_f32, lstm: ws_lstm_f32, highway: ws_highway_f32, clip: ws_clip_f32,
    maxRows: ws_max_rows_f32, quantizeRows: ws_quantize_rows_f32, scaleSums: ws_scale_sums_f32)

  public static func convert(_ weights: [Float]) -> [Float] { weights }

  /// The kernels of a CPU without wide vectors; tests hold them against the others.
  static let portableKernels = KernelTable<Float>(
    panelWidth: ws_panel_width_f32_portable(), pack: ws_pack_f32_portable,
    gemm: ws_gemm_f32_portable, biasActivate: ws_bias_activate_f32_portable,
    softmax: ws_softmax_f32_portable, layerNorm: ws_layer_norm_f32_portable,
    add: ws_add_f32_portable, lstm: ws_lstm_f32_portable, highway: ws_highway_f32_portable,
    clip: ws_clip_f32_portable,
    maxRows: ws_max_rows_f32_portable, quantizeRows: ws_quantize_rows_f32_portable,
    scaleSums: ws_scale_sums_f32_portable)
}

extension Double: KernelScalar {
  public static let kernels = KernelTable<Double>(
    panelWidth: ws_panel_width_f64(), pack: ws_pack_f64, gemm: ws_gemm_f64,
    biasActivate: ws_bias_activate_f64, softmax: ws_softmax_f64, layerNorm: ws_layer_norm_f64,
    add: ws_add_f64, lstm: ws_lstm_f64, highway: ws_highway_f64, clip: ws_clip_f64,
    maxRows: ws_max_rows_f64, quantizeRows: ws_quantize_rows_f64, scaleSums: ws_scale_sums_f64)

  public static func convert(_ weights: [Float]) -> [Double] { weights.map(Double.init) }

  static let portableKernels = KernelTable<Double>(
    panelWidth: ws_panel_width_f64_portable(), pack: ws_pack_f64_portable,
    gemm: ws_gemm_f64_portable, biasActivate: ws_bias_activate_f64_portable,
    softmax: ws_softmax_f64_portable, layerNorm: ws_layer_norm_f64_portable,
    add: ws_add_f64_portable, lstm: ws_lstm_f64_portable, highway: ws_highway_f64_portable,
    clip: ws_clip_f64_portable,
    maxRows: ws_max_rows_f64_portable, quantizeRows: ws_quantize_rows_f64_portable,
    scaleSums: ws_scale_sums_f64_portable)
}

extension Activation {
  /// The code of `kernels.h`.
  var code: Int32 {
    switch self {
    case .linear: Int32(WS_LINEAR)
    case .gelu: Int32(WS_GELU)
    case .geluTanh: Int32(WS_GELU_TANH)
    case .geluFast: Int32(WS_GELU_FAST)
    case .quickGelu: Int32(WS_QUICK_GELU)
    case .relu: Int32(WS_RELU)
    case .silu: Int32(WS_SILU)
    case .tanh: Int32(WS_TANH)
    }
  }
}
