import SmithKernels

/// A place where a positive factor per channel can move out of a layer's input into what makes that input, and the model stays the same:
/// rows of the producers are divided by it, columns of the consumers multiplied (models §14.4).
public struct ExactFold: Hashable, Sendable {
  /// For reports: `blocks.0.attention.value`.
  public var name: String
  /// Matrices whose rows, and vectors whose elements, are divided.
  public var producers: [String]
  /// Matrices whose columns are multiplied. Nothing else may read what the producers make.
  public var consumers: [String]
}

extension EncoderConfiguration {
  /// The folds of the blocks that run, and of the embeddings.
  ///
  /// A value vector goes through weighted sums into the output map alone. What a layer norm puts out has one reader in pre-norm models, and
  /// before an embedding map; in post-norm models it is also the residual. Through relu a positive factor passes, through gelu it does not.
  public var exactFolds: [ExactFold] {
    var folds: [ExactFold] = []
    if hasProjection {
      folds.append(
        fold("embeddings.norm", into: ["embeddings.projection.weight"]))
    }
    var seen: Set<Int> = []
    for block in schedule where seen.insert(block).inserted {
      let scope = "blocks.\(block)"
      folds.append(fold("\(scope).attention.value", into: ["\(scope).attention.output.weight"]))
      if normPlacement == .pre {
        folds.append(
          fold(
            "\(scope).attention.norm",
            into: ["query", "key", "value"].map { "\(scope).attention.\($0).weight" }))
        folds.append(fold("\(scope).feedForward.norm", into: ["\(scope).feedForward.up.weight"]))
      }
      if activation == .relu {
        folds.append(fold("\(scope).feedForward.up", into: ["\(scope).feedForward.down.weight"]))
      }
    }
    return folds
  }

  /// Why the other matrices of a block have none, for a person.
  public var unfoldable: String? {
    var reasons: [String] = []
    if normPlacement == .post {
      reasons.append("query, key, value and up read a layer norm that is also the residual")
    }
    if activation != .relu {
      reasons.append("down reads \(activation.rawValue), which is not linear")
    }
    return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
  }

  private func fold(_ scope: String, into consumers: [String]) -> ExactFold {
    ExactFold(
      name: scope, producers: ["\(scope).weight", "\(scope).bias"], consumers: consumers)
  }
}
