/// What our hash tables mix into their hashes, another one in every process: nobody can write a file whose entries all fall into one place.
enum HashSeed {
  static let value = UInt64.random(in: 0...UInt64.max)
  /// Odd, for tables that multiply.
  static let factor = UInt64.random(in: 0...UInt64.max) | 1
}
