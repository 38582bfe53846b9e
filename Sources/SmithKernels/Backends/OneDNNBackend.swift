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

    private let library: Library

    /// The functions, looked up once.
    private struct Library: @unchecked Sendable {
      let sgemm:
        @convention(c) (
          CChar, CChar, dnnl_dim_t, dnnl_dim_t, dnnl_dim_t, Float, UnsafePointer<Float>?,
          dnnl_dim_t,
          UnsafePointer<Float>?, dnnl_dim_t, Float, UnsafeMutablePointer<Float>?, dnnl_dim_t
        ) -> dnnl_status_t
      let setThreadCount: (@convention(c) (CInt) -> Void)?

      static let loaded = Library()

      private init?() {
        guard let library = ws_dnnl_open(), let sgemm = ws_dnnl_find_sgemm(library) else {
          return nil
        }
        self.sgemm = sgemm
        setThreadCount = ws_dnnl_find_set_num_threads(library)
      }
    }
  }
#endif
