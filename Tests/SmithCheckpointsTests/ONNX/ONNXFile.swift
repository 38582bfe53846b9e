import Foundation
import SmithBytes
import SmithTensors
import TestSupport

@testable import SmithCheckpoints

/// What the onnx package reads from the fixtures (Fixtures/generate/onnx_cases.py): path → tensor name → tensor.
enum ONNXTruth {
  static let models = TrueTensor.checkpoints("onnx/truth.json")

  static let paths = [
    "formats/onnx_inline.onnx", "formats/onnx_external.onnx", "onnx/types.onnx",
    "onnx/unpacked.onnx", "onnx/constants.onnx", "onnx/external.onnx",
  ]
}

/// A model that a test writes field by field.
struct ONNXFile {
  /// Fields of the graph.
  var graph = ProtobufWriter()
  /// Fields of the model behind the graph.
  var rest = ProtobufWriter()
  var hasGraph = true

  /// Adds an initializer.
  mutating func add(_ fill: (inout ProtobufWriter) -> Void) { graph.message(5, fill) }

  mutating func add(
    _ name: String, _ type: Int32 = 1, shape: [Int],
    _ fill: (inout ProtobufWriter) -> Void = { _ in }
  ) {
    add { tensor in
      // A 0 must stand there too, which the writer would leave out.
      tensor.bytes(1, V1File.varints(shape.map { UInt64(bitPattern: Int64($0)) }))
      tensor.varint(2, type)
      tensor.bytes(8, Array(name.utf8))
      fill(&tensor)
    }
  }

  /// An initializer of external bytes.
  mutating func add(
    external name: String, shape: [Int] = [2], _ entries: [(String, String)]
  ) {
    add(name, shape: shape) { tensor in
      for (key, value) in entries {
        tensor.message(13) {
          $0.bytes(1, Array(key.utf8))
          $0.bytes(2, Array(value.utf8))
        }
      }
      tensor.varint(14, 1)
    }
  }

  var bytes: [UInt8] {
    var model = ProtobufWriter()
    model.varint(1, 10)
    if hasGraph { model.bytes(7, graph.bytes) }
    return model.bytes + rest.bytes
  }
}
