// What a user of the library meets without importing the layers below.
@_exported import struct SmithBytes.JSONObject
@_exported import enum SmithBytes.JSON
@_exported import struct SmithBytes.Place
@_exported import struct SmithBytes.SmithError
@_exported import struct SmithBytes.Workers
@_exported import enum SmithCheckpoints.Formats
@_exported import struct SmithModels.Dialect
@_exported import enum SmithModels.Families
@_exported import struct SmithModels.ModelConfiguration
@_exported import struct SmithModels.Plan
@_exported import struct SmithModels.TensorFate
@_exported import enum SmithTensors.DType
@_exported import enum SmithTensors.Encoding
@_exported import struct SmithTensors.TensorInfo
@_exported import class SmithBytes.AtomicOutput
@_exported import protocol SmithTensors.QuantizationScheme
@_exported import enum SmithTensors.Schemes
