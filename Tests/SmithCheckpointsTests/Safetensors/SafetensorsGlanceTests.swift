import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

/// The usual spellings of a tensor's fields are read by another path than the rest of JSON. What is said must not depend on it: every case
/// below is read as written and once more with a blank that no writer writes, which leaves the path.
@Suite struct SafetensorsGlanceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The fields of the tensor `w`, in the usual spelling.
    let fields: String
    var data = 24
    /// What reading must give; the others must fail with this kind.
    var tensor: (dtype: DType, shape: [Int])?
    var kind: SmithError.Kind?
  }

  static let cases: [Case] = [
    .init(
      testDescription: "the crate's spacing",
      fields: #"{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}"#, tensor: (.f32, [2, 3])),
    .init(
      testDescription: "Python's spacing",
      fields: #"{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}"#,
      tensor: (.f32, [2, 3])),
    .init(
      testDescription: "a mixture of both",
      fields: #"{"dtype": "F32","shape": [2,3], "data_offsets":[0,24]}"#, tensor: (.f32, [2, 3])),
    .init(
      testDescription: "another order",
      fields: #"{"shape":[2,3],"dtype":"F32","data_offsets":[0,24]}"#, tensor: (.f32, [2, 3])),
    .init(
      testDescription: "a scalar", fields: #"{"dtype":"I64","shape":[],"data_offsets":[0,8]}"#,
      data: 8, tensor: (.i64, [])),
    .init(
      testDescription: "a dtype of seven letters",
      fields: #"{"dtype":"F8_E4M3","shape":[24],"data_offsets":[0,24]}"#, tensor: (.f8e4m3, [24])),
    .init(
      testDescription: "a dtype of eleven letters",
      fields: #"{"dtype":"F8_E4M3FNUZ","shape":[24],"data_offsets":[0,24]}"#,
      tensor: (.f8e4m3fnuz, [24])),
    .init(
      testDescription: "a dtype spelt with an escape",
      fields: #"{"dtype":"F3\u0032","shape":[6],"data_offsets":[0,24]}"#, tensor: (.f32, [6])),
    .init(
      testDescription: "16 dimensions",
      fields: #"{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,6],"data_offsets":[0,24]}"#,
      tensor: (.f32, [Int](repeating: 1, count: 15) + [6])),
    .init(
      testDescription: "17 dimensions",
      fields:
        #"{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,6],"data_offsets":[0,24]}"#,
      kind: .limit),
    .init(
      testDescription: "an unknown dtype",
      fields: #"{"dtype":"f32","shape":[6],"data_offsets":[0,24]}"#, kind: .unsupported),
    .init(
      testDescription: "an empty dtype",
      fields: #"{"dtype":"","shape":[6],"data_offsets":[0,24]}"#, kind: .unsupported),
    .init(
      testDescription: "a leading zero",
      fields: #"{"dtype":"F32","shape":[06],"data_offsets":[0,24]}"#, kind: .malformed),
    .init(
      testDescription: "a sign",
      fields: #"{"dtype":"F32","shape":[-6],"data_offsets":[0,24]}"#, kind: .malformed),
    .init(
      testDescription: "a fraction",
      fields: #"{"dtype":"F32","shape":[6.0],"data_offsets":[0,24]}"#, kind: .malformed),
    .init(
      testDescription: "2^63",
      fields: #"{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,24]}"#, kind: .limit),
    .init(
      testDescription: "2^63 - 1 elements of 4 bytes",
      fields: #"{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,24]}"#, kind: .limit),
    .init(
      testDescription: "18 digits, twice",
      fields:
        #"{"dtype":"U8","shape":[999999999999999999,999999999999999999],"data_offsets":[0,24]}"#,
      kind: .limit),
    .init(
      testDescription: "offsets in the wrong order",
      fields: #"{"dtype":"F32","shape":[6],"data_offsets":[24,0]}"#, kind: .mismatch),
    .init(
      testDescription: "three offsets",
      fields: #"{"dtype":"F32","shape":[6],"data_offsets":[0,24,24]}"#, kind: .malformed),
    .init(
      testDescription: "one offset",
      fields: #"{"dtype":"F32","shape":[6],"data_offsets":[24]}"#, kind: .malformed),
    .init(
      testDescription: "a comma too many",
      fields: #"{"dtype":"F32","shape":[6,],"data_offsets":[0,24]}"#, kind: .malformed),
    .init(
      testDescription: "a field twice",
      fields: #"{"dtype":"F32","shape":[6],"data_offsets":[0,24],"dtype":"F32"}"#, kind: .mismatch),
    .init(
      testDescription: "another field at the end",
      fields: #"{"dtype":"F32","shape":[6],"data_offsets":[0,24],"x":[{"y":null}]}"#,
      tensor: (.f32, [6])),
  ]

  private func open(_ fields: String, data: Int) throws -> any TensorSource {
    let bytes = safetensorsFile("{\"w\":\(fields)}", data: [UInt8](repeating: 7, count: data))
    let scratch = try Scratch()
    return try withExtendedLifetime(scratch) {
      try Safetensors.open(scratch.write(bytes, as: "x.safetensors"))
    }
  }

  @Test(arguments: cases)
  func `both paths read and refuse the same`(_ it: Case) throws {
    let unusual = it.fields.replacing("}", with: " }", maxReplacements: 1)
    for fields in [it.fields, it.fields == unusual ? it.fields : unusual] {
      if let wanted = it.tensor {
        let source = try open(fields, data: it.data)
        #expect(
          source.tensors == [try TensorInfo(name: "w", dtype: wanted.dtype, shape: wanted.shape)])
      } else {
        let error = #expect(throws: SmithError.self) { try open(fields, data: it.data) }
        #expect(error?.kind == it.kind, "\(fields)")
        #expect(error?.place.item == "w" && error?.place.offset != nil)
      }
    }
  }

  /// Every place at which the usual spelling can end, each an error of the grammar's own.
  @Test func `cut anywhere, the usual spelling is an error with a place`() throws {
    let fields = #"{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}"#
    for length in 0..<fields.utf8.count {
      let error = #expect(throws: SmithError.self) {
        try open(String(fields.prefix(length)), data: 24)
      }
      #expect(error?.place.offset != nil, "\(length)")
    }
  }
}
