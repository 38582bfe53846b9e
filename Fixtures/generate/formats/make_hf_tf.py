"""A tiny Hugging Face tf_model.h5 (transformers 4.x + tf_keras), as the library itself lays it out."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"; os.environ["CUDA_VISIBLE_DEVICES"] = ""; os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np, transformers as t, shutil, json
c = t.AlbertConfig(vocab_size=23, embedding_size=4, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, max_position_embeddings=16)
m = t.TFAlbertForMaskedLM(c); m(m.dummy_inputs)
os.makedirs("hf_tf_albert", exist_ok=True); m.save_pretrained("hf_tf_albert")
np.savez_compressed("hf_tf_albert.npz", **{w.name: w.numpy() for w in m.weights})
b = t.TFBertForSequenceClassification(t.BertConfig(vocab_size=23, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12, max_position_embeddings=16)); b(b.dummy_inputs)
os.makedirs("hf_tf_bert", exist_ok=True); b.save_pretrained("hf_tf_bert"); np.savez_compressed("hf_tf_bert.npz", **{w.name: w.numpy() for w in b.weights})
b.save_pretrained("hf_tf_bert_sharded", max_shard_size="1KB")
