import Foundation
import SmithBytes
import SmithCheckpoints
import SmithTensors

/// What one fuzz run works on: a container's reader, over a single file or over a folder of files.
struct Subject: Sendable {
  /// The reader's name on the command line of `Scripts/fuzz.sh`: the container's, with `-folder` for the folder form.
  let name: String
  let format: any ContainerFormat.Type
  /// The name of the single file, nil for the folder form.
  let file: String?
  /// Makes the files of a seed from a fixture, where that is not the fixture itself.
  var seed: (@Sendable (String) -> [(name: String, bytes: [UInt8])]?)?

  /// Two for each container that has single files, one for the others: a new line in `Formats` is fuzzed without another line here. And our
  /// side of the process that walks HDF5 metadata, since a process an input leaves few inputs.
  static let all: [Subject] =
    containers + [
      Subject(name: HDF5Wire.name, format: HDF5Wire.self, file: nil, seed: HDF5Wire.files)
    ]

  private static let containers: [Subject] = Formats.all.flatMap { format in
    let folder = Subject(name: format.name + "-folder", format: format, file: nil)
    if format.fileExtension.isEmpty { return [folder] }
    let name = "\(format.usualStem).\(format.fileExtension)"
    return [Subject(name: format.name, format: format, file: name), folder]
  }

  /// libhdf5 itself does not stand damaged metadata: `WEIGHTSMITH_TOOL` names the program that reads it in a child process.
  static let options: OpenOptions = {
    guard let tool = ProcessInfo.processInfo.environment["WEIGHTSMITH_TOOL"] else {
      return OpenOptions()
    }
    return OpenOptions(hdf5: .isolated(executable: tool))
  }()

  static func named(_ name: String) -> Subject? { all.first { $0.name == name } }

  /// The files that an input means, by their names in the folder of the run.
  func files(in input: [UInt8]) -> [(name: String, bytes: ArraySlice<UInt8>)] {
    if let file { return [(file, input[...])] }
    return FolderImage.files(in: input)
  }

  /// Opens what lies in `folder`, as a user's path would be opened.
  func open(_ folder: String) throws(SmithError) -> any TensorSource {
    if let file {
      let path = folder.appending(path: file)
      _ = try format.recognise(InputPath(path))
      return try format.open(path, options: Self.options)
    }
    guard let found = try format.recognise(InputPath(folder)) else {
      throw SmithError(.unsupported, "not recognised", at: Place(file: folder))
    }
    return try format.open(found, options: Self.options)
  }
}
