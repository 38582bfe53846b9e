import Weightsmith

/// `--products`: nil where it is not given.
enum ProductsChoice {
  static let names = Products.allCases.map(\.rawValue).joined(separator: ", ")

  static func parse(_ text: String?) throws(SmithError) -> Products? {
    guard let text else { return nil }
    guard let products = Products(rawValue: text) else {
      throw SmithError(.usage, "--products \(text): expected \(names)")
    }
    return products
  }
}
