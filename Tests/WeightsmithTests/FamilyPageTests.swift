import Foundation
import TestSupport
import Testing
import Weightsmith

/// `Docs/Families` says what the tables say. `WEIGHTSMITH_UPDATE_SNAPSHOTS=1` writes the pages anew.
@Suite struct FamilyPageTests {
  static let folder = (Fixtures.root as NSString).deletingLastPathComponent + "/Docs/Families"

  @Test(arguments: Families.all.map(\.name))
  func `a family's page is rendered from its tables`(name: String) throws {
    let page = FamilyPage(try #require(Families.named(name))).text
    let path = "\(Self.folder)/\(name).md"
    if ProcessInfo.processInfo.environment["WEIGHTSMITH_UPDATE_SNAPSHOTS"] != nil {
      try FileManager.default.createDirectory(
        atPath: Self.folder, withIntermediateDirectories: true)
      try page.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == page)
  }

  @Test func `there is no page of a family that is not there`() throws {
    let pages = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    #expect(Set(pages) == Set(Families.all.map { $0.name + ".md" }))
  }

  /// The page is read by people who look for a name: every stored name of every table is on it.
  @Test(arguments: Families.all.map(\.name))
  func `every stored name is on the page`(name: String) throws {
    let family = try #require(Families.named(name))
    let page = FamilyPage(family).text
    for rule in family.dialects.flatMap(\.rules) {
      #expect(page.contains("`\(rule.stored.text)`"), "\(rule.stored.text)")
    }
  }
}
