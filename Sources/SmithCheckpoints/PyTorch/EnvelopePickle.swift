import SmithBytes
import SmithTensors

/// What a training program puts around the tensors.
extension StateDictPickle {
  mutating func write(
    _ envelope: WriterOptions.Envelope, around tensors: [TensorInfo]
  ) throws(SmithError) {
    write(.emptyDict)
    memoize()
    write(.mark)
    write(text: envelope.settings, isShared: false)
    namespace(envelope.values)
    write(text: envelope.model, isShared: false)
    try dictionary(tensors)
    for (key, value) in envelope.rest {
      write(text: key, isShared: false)
      write(value)
    }
    write(.setItems)
  }

  /// An `argparse.Namespace` with these attributes, as CPython's pickler reduces it in protocol 2.
  private mutating func namespace(_ values: JSONObject) {
    write(global: "argparse", "Namespace")
    write(.emptyTuple)
    write(.newObj)
    memoize()
    write(.object(values))
    write(.build)
  }

  /// Plain data; numbers with a fraction are Python's floats.
  private mutating func write(_ value: JSON) {
    switch value {
    case .null: write(.none)
    case .bool(let value): write(value ? .newTrue : .newFalse)
    case .integer(let value): write(integer: value)
    case .number(let value):
      write(.binFloat)
      bytes += withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) }
    case .string(let text): write(text: text, isShared: false)
    case .array(let elements):
      write(.emptyList)
      memoize()
      if elements.isEmpty { return }
      write(.mark)
      for element in elements { write(element) }
      write(.appends)
    case .object(let members):
      write(.emptyDict)
      memoize()
      if members.isEmpty { return }
      write(.mark)
      for (key, value) in members {
        write(text: key, isShared: false)
        write(value)
      }
      write(.setItems)
    }
  }
}
