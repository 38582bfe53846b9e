import SmithBytes
import SmithModels
import SmithTensors

/// A model's parameters as an architecture asks for them: canonical name in, f32 values out, read from disk on each request.
struct ModelWeights: ParameterSource {
  let parameters: Parameters
  private let evaluator: RecipeEvaluator

  init(_ model: Model) { self.init(model.parameters, model.source) }

  init(_ parameters: Parameters, _ source: any TensorSource) {
    self.parameters = parameters
    evaluator = RecipeEvaluator(source: source)
  }

  func contains(_ name: String) -> Bool { parameters.recipes[name] != nil }

  func shape(of name: String) -> [Int]? { parameters.recipes[name]?.shape }

  func values(_ name: String, shape: [Int]) throws(SmithError) -> [Float] {
    guard let recipe = parameters.effectiveRecipe(name) else {
      throw SmithError(.missing, "the model has no such parameter", at: Place(item: name))
    }
    guard recipe.shape == shape else {
      throw SmithError(.mismatch, "shape \(recipe.shape), expected \(shape)", at: Place(item: name))
    }
    var evaluator = evaluator
    do throws(SmithError) { return try evaluator.floats(recipe) } catch {
      throw error.at(item: name)
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
