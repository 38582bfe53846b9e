import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

/// A model's parameters as an architecture asks for them: canonical name in, f32 values out, read from disk on each request.
struct ModelWeights: ParameterSource {
  let parameters: Parameters
  let products: Products
  private let evaluator: RecipeEvaluator

  init(_ model: Model, _ products: Products) {
    self.init(model.parameters, model.source, products)
  }

  init(_ parameters: Parameters, _ source: any TensorSource, _ products: Products = .decoded) {
    self.parameters = parameters
    self.products = products
    evaluator = RecipeEvaluator(source: source)
  }

  func contains(_ name: String) -> Bool { parameters.recipes[name] != nil }

  func shape(of name: String) -> [Int]? { parameters.recipes[name]?.shape }

  func values(_ name: String, shape: [Int]) throws(SmithError) -> [Float] {
    let recipe = try recipe(name, shape)
    var evaluator = evaluator
    do throws(SmithError) { return try evaluator.floats(recipe) } catch {
      throw error.at(item: name)
    }
  }

  func bytes(_ name: String, shape: [Int]) throws(SmithError) -> ByteMatrix? {
    guard products == .asStored, let columns = shape.last, columns <= ByteMatrix.widest,
      case .decode(let scheme, _, let components) = try recipe(name, shape),
      let coder = Schemes.named(scheme)
    else { return nil }
    var evaluator = evaluator
    do throws(SmithError) {
      var parts: [[UInt8]] = []
      for component in components { parts.append(try evaluator.bytes(component)) }
      return try coder.byteRows(parts, shape: shape).map {
        ByteMatrix(codes: $0.codes, scales: $0.scales, inputs: columns)
      }
    } catch { throw error.at(item: name) }
  }

  private func recipe(_ name: String, _ shape: [Int]) throws(SmithError) -> Recipe {
    guard let recipe = parameters.effectiveRecipe(name) else {
      throw SmithError(.missing, "the model has no such parameter", at: Place(item: name))
    }
    guard recipe.shape == shape else {
      throw SmithError(.mismatch, "shape \(recipe.shape), expected \(shape)", at: Place(item: name))
    }
    return recipe
  }
}

/// How a forward pass multiplies with weights that are stored in fewer bits.
public enum Products: String, Sendable, CaseIterable {
  /// Bytes with one scale per row are multiplied as bytes, with activations that become bytes under one scale per token; blocks are
  /// decoded. This is what a user of the codes gets.
  case asStored = "as-stored"
  /// All codes are decoded and multiplied in the precision of the pass: what the weights alone lose.
  case decoded
}

extension Parameters {
  /// Whether a pass with products as stored would differ from one with decoded weights.
  var hasByteProducts: Bool {
    recipes.keys.contains { name in
      guard case .decode(let scheme, let shape, _) = effectiveRecipe(name) else { return false }
      return Schemes.named(scheme)?.hasByteRows == true && shape.last ?? 0 <= ByteMatrix.widest
    }
  }
}

extension Parameters {
  /// The recipe of the values a user of the written model gets: through the scheme and back where one is chosen.
  func effectiveRecipe(_ name: String) -> Recipe? {
    guard let recipe = recipes[name] else { return nil }
    guard let scheme = schemes[name], let coder = Schemes.named(scheme),
      let components = try? coder.components(shape: recipe.shape)
    else { return recipe }
    return .decode(
      scheme: scheme, shape: recipe.shape,
      components: recipe.encoded(by: scheme, count: components.count))
  }
}
