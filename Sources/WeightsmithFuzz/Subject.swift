import SmithBytes

/// What one fuzz run works on: a reader, over a single file or over a folder of files.
protocol Subject: Sendable {
  /// The reader's name on the command line of `Scripts/fuzz.sh`; `-folder` for the folder form of a container.
  var name: String { get }
  /// The name of the single file, nil for the folder form.
  var file: String? { get }
  /// The files of the seed that a fixture gives; nil for one that is none of this reader's.
  func seed(of path: String) -> [(name: String, bytes: [UInt8])]?
  /// Reads what lies in `folder` as a user's path would be read, in every way there is.
  func read(_ folder: String) throws(SmithError)
}

/// Every reader. A new line in `Formats` or in `TokenizerFormats` is fuzzed without another line here.
enum Subjects {
  static let all: [any Subject] = ContainerSubject.all + [TokenizerSubject()]

  static func named(_ name: String) -> (any Subject)? { all.first { $0.name == name } }
}

extension Subject {
  /// The files that an input means, by their names in the folder of the run.
  func files(in input: [UInt8]) -> [(name: String, bytes: ArraySlice<UInt8>)] {
    if let file { return [(file, input[...])] }
    return FolderImage.files(in: input)
  }
}
