#if OneDNN && os(Linux)
  import CKernels
  import COneDNN

  /// Intel's oneDNN through `dnnl_sgemm`, which has a kernel for every x86 vector unit.
  ///
  /// It is called on one thread: its own threads collapse on a busy machine, and how they cut the work is not fixed.
  public struct OneDNNBackend: ComputeBackend {
    /// The weights as given: [rows, columns].
    public struct Matrix: Sendable {
      let weights: [Float]
      let inputs: Int
    }

    /// Nil where the library is not on this machine.
    public init?() {
      guard let library = Library.loaded else { return nil }
      self.library = library
    }

    public var name: String { "onednn" }

    /// Large tiles: every call lays its operands out anew.
    public func tile(rows: Int) -> TileSize {
      TileSize(rows: 256, columns: rows > 256 ? 384 : 192)
    }

    public func prepare(_ weights: [Float], rows: Int, columns: Int) -> Matrix {
      Matrix(weights: weights, inputs: columns)
    }

    public func multiply(
      _ a: MatrixView<Float>, by b: Matrix, outputs: Range<Int>, into c: MutableMatrixView<Float>
    ) {
      b.weights.withUnsafeBufferPointer { weights in
        guard let base = weights.baseAddress else { return }
        let rows = MatrixView(
          base + outputs.lowerBound * b.inputs, rows: outputs.count, columns: b.inputs,
          stride: b.inputs)
        multiply(a, by: rows, transposed: true, into: c)
      }
    }

    public func multiply(
      _ a: MatrixView<Float>, by b: MatrixView<Float>, transposed: Bool,
      into c: MutableMatrixView<Float>
    ) {
      // Debian's oneDNN runs on OpenMP, whose thread count belongs to the calling thread.
      library.setThreadCount?(1)
      let none = CChar(UInt8(ascii: "N"))
      let status = library.sgemm(
        none, transposed ? CChar(UInt8(ascii: "T")) : none, dnnl_dim_t(a.rows),
        dnnl_dim_t(c.columns), dnnl_dim_t(a.columns), 1, a.base, dnnl_dim_t(a.stride), b.base,
        dnnl_dim_t(b.stride), 0, c.base, dnnl_dim_t(c.stride))
      // It refuses only what it cannot allocate for; our own product needs far less.
      if status != dnnl_success {
        CKernelsBackend<Float>().multiply(a, by: b, transposed: transposed, into: c)
      }
    }

    /// Where the CPU has an instruction for it; without, oneDNN's sums of pairs may saturate at 16 bits.
    public func multiply(
      _ a: MatrixView<UInt8>, by b: ByteMatrix, outputs: Range<Int>,
      into c: MutableMatrixView<Int32>
    ) {
      guard ws_has_vnni() != 0, let gemm = library.bytes else {
        CKernelsBackend<Float>().multiply(a, by: b, outputs: outputs, into: c)
        return
      }
      library.setThreadCount?(1)
      let status = b.codes.withUnsafeBufferPointer { codes in
        var offset: Int32 = 0
        return gemm(
          CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "T")), CChar(UInt8(ascii: "F")),
          dnnl_dim_t(a.rows), dnnl_dim_t(outputs.count), dnnl_dim_t(a.columns), 1, a.base,
          dnnl_dim_t(a.stride), 128, codes.baseAddress.map { $0 + outputs.lowerBound * b.inputs },
          dnnl_dim_t(b.inputs), 0, 0, c.base, dnnl_dim_t(c.stride), &offset)
      }
      if status != dnnl_success {
        CKernelsBackend<Float>().multiply(a, by: b, outputs: outputs, into: c)
      }
    }

    private let library: Library

    /// The functions, looked up once.
    private struct Library: @unchecked Sendable {
      let sgemm:
        @convention(c) (
          CChar, CChar, dnnl_dim_t, dnnl_dim_t, dnnl_dim_t, Float, UnsafePointer<Float>?,
          dnnl_dim_t,
          UnsafePointer<Float>?, dnnl_dim_t, Float, UnsafeMutablePointer<Float>?, dnnl_dim_t
        ) -> dnnl_status_t
      let bytes:
        (
          @convention(c) (
            CChar, CChar, CChar, dnnl_dim_t, dnnl_dim_t, dnnl_dim_t, Float, UnsafePointer<UInt8>?,
            dnnl_dim_t, UInt8, UnsafePointer<Int8>?, dnnl_dim_t, Int8, Float,
            UnsafeMutablePointer<Int32>?, dnnl_dim_t, UnsafePointer<Int32>?
          ) -> dnnl_status_t
        )?
      let setThreadCount: (@convention(c) (CInt) -> Void)?

      static let loaded = Library()

      private init?() {
        guard let library = ws_dnnl_open(), let sgemm = ws_dnnl_find_sgemm(library) else {
          return nil
        }
        self.sgemm = sgemm
        bytes = ws_dnnl_find_gemm_u8s8s32(library)
        setThreadCount = ws_dnnl_find_set_num_threads(library)
      }
    }
  }
#endif
