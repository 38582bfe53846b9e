import SmithBytes
import SmithTensors

/// Writes Keras 2 weights, and for names of Hugging Face's Keras models its `tf_model.h5`. Docs/Formats/hdf5.md says how a name becomes
/// a place.
///
/// One file `STEM.h5`; beyond `maxShardBytes` of tensors `STEM-00001-of-00002.h5` … and `STEM.h5.index.json`.
struct HDF5Writer: ContainerWriter {
  let dtypes: Set<DType> = [
    .bool, .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .f16, .bf16, .f32, .f64, .c64, .c128,
  ]
  let keepsMetadata = true
  let nameSeparator: Character? = "/"

  func layout(
    _ tensors: [TensorInfo], options: WriterOptions
  ) throws(SmithError) -> OutputLayout {
    let shards = try Sharding.members(tensors, maxBytes: options.maxShardBytes)
    let style = shards.count == 1 ? HDF5Names.Style.layers : HDF5Names.shardStyle(tensors)
    var layout = OutputLayout(
      files: Sharding.names(
        stem: options.stem, count: shards.count, extension: HDF5.fileExtension), pieces: [],
      placements: Array(repeating: .init(file: 0, offset: 0), count: tensors.count))
    for (file, members) in shards.enumerated() {
      let names = try HDF5Names(members.map { tensors[$0].name }, style: style)
      let skeleton = try HDF5Skeleton.make(
        members.map { tensors[$0] }, names: names, metadata: options.metadata)
      for (index, offset) in zip(members, skeleton.offsets) {
        layout.placements[index] = .init(file: file, offset: offset)
      }
      layout.pieces += skeleton.gaps.map { .init(file: file, offset: $0.offset, bytes: $0.bytes) }
    }
    if shards.count > 1 {
      let index = try Sharding.index(tensors, layout) { HDF5Names.indexName($0, style) }
      layout.pieces.append(.init(file: layout.files.count, offset: 0, bytes: index))
      layout.files.append(options.stem + HDF5.indexSuffix)
    }
    return layout
  }
}
