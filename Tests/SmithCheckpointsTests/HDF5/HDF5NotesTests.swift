import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct HDF5NotesTests {
  @Test func `aliases and links that lead nowhere are told`() throws {
    let notes = try openHDF5("hdf5/names.h5").notes
    #expect(notes.count == 2)
    #expect(notes[0].hasPrefix("2 tensors are another name") && notes[0].contains("a/w"))
    #expect(notes[1] == "3 soft links lead nowhere: dangling, loop1, loop2")
  }

  @Test(arguments: [
    ("formats/keras2_model.h5", "optimizer_weights/"), ("formats/keras3.weights.h5", "optimizer/"),
  ])
  func `the optimizer's tensors are told apart`(_ file: String, _ prefix: String) throws {
    let source = try openHDF5(file)
    let count = source.tensors.filter { $0.name.hasPrefix(prefix) }.count
    #expect(count > 10)
    #expect(source.notes.count == 1)
    #expect(source.notes[0].hasPrefix("\(count) tensors are the optimizer's"))
  }

  @Test func `nothing to tell`() throws {
    #expect(try openHDF5("formats/hf_tf_bert/tf_model.h5").notes == [])
    #expect(try openHDF5("hdf5/filters.h5").notes == [])
  }
}
