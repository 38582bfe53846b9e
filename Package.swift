// swift-tools-version: 6.2
import PackageDescription

/// Set by Scripts/fuzz.sh: adds the fuzz target, which has libFuzzer's main and no other, and lets every checksum pass.
let isFuzzing = Context.environment["WEIGHTSMITH_FUZZ"] != nil

let strict: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)] + (isFuzzing ? [.define("FUZZING")] : [])

/// A library layer. Dependencies point down only; Docs/Architecture.md draws the whole picture.
func layer(_ name: String, on dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one layer. `TestSupport` finds fixtures and scratch folders.
func tests(
  _ name: String, of dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude,
    swiftSettings: strict)
}

let oneDNN: Target.Dependency = .target(
  name: "COneDNN", condition: .when(platforms: [.linux], traits: ["OneDNN"]))

let package = Package(
  name: "weightsmith",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "Weightsmith", targets: ["Weightsmith"]),
    .executable(name: "weightsmith", targets: ["WeightsmithCLI"]),
  ],
  traits: [
    .trait(name: "OneDNN", description: "Matrix products through oneDNN (libdnnl) on Linux"),
    .default(enabledTraits: ["OneDNN"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-Wall", "-Werror"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),

    layer("SmithBytes", on: ["CKernels", "CZlib"]),
    layer("SmithTensors", on: ["SmithBytes", "CKernels"]),
    layer("SmithTokenizers", on: ["SmithBytes"]),
    layer("SmithKernels", on: ["SmithBytes", "SmithTensors", "CKernels", oneDNN]),
    layer("SmithCheckpoints", on: ["SmithBytes", "SmithTensors", "CHDF5"]),
    layer(
      "SmithModels",
      on: [
        "SmithBytes", "SmithTensors", "SmithKernels",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    layer(
      "Weightsmith",
      on: [
        "SmithBytes", "SmithTensors", "SmithTokenizers", "SmithKernels", "SmithCheckpoints",
        "SmithModels",
      ]),
    .executableTarget(
      name: "WeightsmithCLI",
      dependencies: [
        "Weightsmith", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["SmithBytes"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("SmithBytesTests", of: ["SmithBytes"]),
    tests("SmithTensorsTests", of: ["SmithTensors"]),
    tests("SmithTokenizersTests", of: ["SmithTokenizers"]),
    tests("SmithKernelsTests", of: ["SmithKernels"]),
    tests("SmithCheckpointsTests", of: ["SmithCheckpoints"]),
    tests("SmithModelsTests", of: ["SmithModels", "SmithCheckpoints"]),
    tests("WeightsmithTests", of: ["Weightsmith"]),
    tests("CLITests", of: ["WeightsmithCLI", "SmithCheckpoints"], exclude: ["Snapshots"]),
  ]
)

if isFuzzing {
  package.targets.append(
    .executableTarget(
      name: "WeightsmithFuzz",
      dependencies: ["SmithBytes", "SmithTensors", "SmithTokenizers", "SmithCheckpoints"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
