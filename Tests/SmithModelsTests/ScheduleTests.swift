import Testing

@testable import SmithModels

/// The schedules of models §2.3.
@Suite struct ScheduleTests {
  /// L, G and the depth at which one of the three rules leaves the others (facts: the list for L ≤ 24).
  @Test func `the float formulas differ where they are known to`() {
    let google = ScheduleFormula.albertOriginal
    let hugging = ScheduleFormula.albertHuggingFace
    #expect(google.schedule(layers: 18, groups: 14, inner: 1)[9] == 7)
    #expect(hugging.schedule(layers: 18, groups: 14, inner: 1)[9] == 6)
    #expect(google.schedule(layers: 22, groups: 22, inner: 1)[15] == 14)
    #expect(hugging.schedule(layers: 22, groups: 22, inner: 1) == Array(0..<22))
    #expect(google.schedule(layers: 23, groups: 23, inner: 1)[13] == 12)
  }

  @Test func `57 pairs up to 64 layers disagree somewhere`() {
    var disagreeing = 0
    for layers in 1...64 {
      for groups in 1...layers {
        let google = ScheduleFormula.albertOriginal.schedule(
          layers: layers, groups: groups, inner: 1)
        let hugging = ScheduleFormula.albertHuggingFace.schedule(
          layers: layers, groups: groups, inner: 1)
        let integer = (0..<layers).map { $0 * groups / layers }
        if google != hugging || google != integer || hugging != integer { disagreeing += 1 }
      }
    }
    #expect(disagreeing == 57)
  }

  @Test func `inner blocks run in order inside each layer`() {
    let schedule = ScheduleFormula.albertOriginal.schedule(layers: 6, groups: 2, inner: 2)
    #expect(schedule == [0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3])
  }
}
