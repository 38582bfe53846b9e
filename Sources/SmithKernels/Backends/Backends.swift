import CKernels

/// The backends this build has, fastest first.
public enum Backends {
  /// Every backend that works in `Float`.
  public static let all: [any ComputeBackend<Float>] = {
    var list: [any ComputeBackend<Float>] = [CKernelsBackend<Float>()]
    #if canImport(Accelerate)
      list.insert(AccelerateBackend(), at: 0)
    #endif
    #if OneDNN && os(Linux)
      // On AVX2 our packed weights win; 512-bit vectors and matrix tiles only oneDNN uses.
      if let oneDNN = OneDNNBackend() { list.insert(oneDNN, at: ws_has_avx512() != 0 ? 0 : 1) }
    #endif
    return list
  }()

  /// What a forward pass in `Float` uses unless told otherwise.
  public static var `default`: any ComputeBackend<Float> { all[0] }

  /// The same graph in `Double`: what remains between it and `Float` is rounding (DESIGN §8).
  public static let reference = CKernelsBackend<Double>()

  /// The backend called `name`, if this build has it.
  public static func named(_ name: String) -> (any ComputeBackend<Float>)? {
    all.first { $0.name == name }
  }
}
