/// Counts through a box of coordinates, the last axis fastest: chunk grids have as many axes as the file says. A box of no axes has one
/// place.
struct Odometer {
  private let box: [Range<Int>]
  private(set) var current: [Int]
  private(set) var isDone: Bool

  init(_ box: [Range<Int>]) {
    self.box = box
    current = box.map(\.lowerBound)
    isDone = box.contains { $0.isEmpty }
  }

  mutating func advance() {
    for axis in box.indices.reversed() {
      current[axis] += 1
      if current[axis] < box[axis].upperBound { return }
      current[axis] = box[axis].lowerBound
    }
    isDone = true
  }
}
