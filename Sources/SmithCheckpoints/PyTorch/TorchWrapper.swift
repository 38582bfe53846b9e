/// A training checkpoint keeps the model's state dict under a key of its root: fairseq and Meta `model`, Lightning `state_dict`.
/// Where exactly one of these keys holds tensors, names are those of the state dict, without the key.
enum TorchWrapper {
  static let keys = [
    "state_dict", "model", "model_state_dict", "module", "generator", "ema", "ema_model",
  ]

  /// The tensors renamed, and a note for the user; as they were where the root is no dictionary, where no key or several hold
  /// tensors, and where a name would be taken twice.
  static func strip(
    _ tensors: [(name: String, tensor: TorchTensor)], of pickle: Pickle
  ) -> (tensors: [(name: String, tensor: TorchTensor)], note: String?) {
    let found = containers(pickle).filter { key in
      tensors.contains { $0.name.hasPrefix(key + ".") }
    }
    guard let key = found.first else { return (tensors, nil) }
    guard found.count == 1 else {
      let list = found.joined(separator: ", ")
      return (tensors, "several models, under \(list): names keep that part")
    }
    var names: Set<String> = []
    let renamed = tensors.map { tensor in
      tensor.name.hasPrefix(key + ".")
        ? (
          String(decoding: tensor.name.utf8.dropFirst(key.utf8.count + 1), as: UTF8.self),
          tensor.tensor
        ) : tensor
    }
    guard renamed.allSatisfy({ names.insert($0.0).inserted }) else { return (tensors, nil) }
    return (renamed, "the model is what stands under \"\(key)\"; names are without it")
  }

  /// The wrapper keys of the root that hold a container, not a tensor.
  private static func containers(_ pickle: Pickle) -> [String] {
    guard case .node(let root) = pickle.root, isDictionary(pickle, root) else { return [] }
    var found: [String] = []
    for child in pickle.children(root) {
      guard case .key(let key) = child.part, let text = key.text, keys.contains(text),
        case .node(let index) = child.value, pickle.tensorCall(index) == nil
      else { continue }
      found.append(text)
    }
    return found
  }

  private static func isDictionary(_ pickle: Pickle, _ index: Int) -> Bool {
    let node = pickle.nodes[index]
    return node.kind == .dictionary
      || node.kind == .call && pickle.meaning(node.callee) == .dictionary
  }
}
