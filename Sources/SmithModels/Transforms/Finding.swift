/// What a transform measured while it chose its values: a table.
public struct Finding: Hashable, Sendable {
  public enum Cell: Hashable, Sendable {
    case text(String)
    case count(Int)
    case number(Double)
  }

  public var title: String
  public var columns: [String]
  public var rows: [[Cell]]

  public init(_ title: String, columns: [String], rows: [[Cell]] = []) {
    self.title = title
    self.columns = columns
    self.rows = rows
  }
}
