"""Train two tiny models that really know something, so that demos and loss figures mean something.

    python make_trained.py [--steps N]        (torch, transformers 5, sentencepiece, tokenizers; tensorflow for the TF checkpoint)

Writes, into Fixtures/data/trained:
  corpus.txt            templated English sentences (facts about capitals, colours, animals, sums), two a line, tab-separated, in order
  tiny_albert/google_tf ALBERT in Google's TF names with albert_config.json, 30k-clean.model-style SentencePiece (unigram, lower-cased)
  tiny_albert/hf        the same as Hugging Face folder
  tiny_bert/hf          a BERT with its own block per layer on a WordPiece vocabulary, vocab.txt
  cloze.json            held-out cloze sentences with the one right word, and each model's own top-1 on them
Seeds are fixed; a rerun on another machine gives other low bits.
"""
import json, os, random, re, sys, itertools
import torch, numpy as np, sentencepiece as spm
here = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../data/trained")); os.chdir(here)
steps = int(sys.argv[sys.argv.index("--steps") + 1]) if "--steps" in sys.argv else 2500
random.seed(7); torch.manual_seed(7); torch.set_num_threads(2)

capital = dict(france="paris", italy="rome", spain="madrid", germany="berlin", japan="tokyo", china="beijing", egypt="cairo", greece="athens", norway="oslo", peru="lima", cuba="havana", russia="moscow", kenya="nairobi", austria="vienna", ireland="dublin", poland="warsaw")
colour = dict(grass="green", snow="white", coal="black", blood="red", sky="blue", lemon="yellow", carrot="orange", plum="purple", chocolate="brown", ash="grey")
noise = dict(dog="barks", cat="meows", cow="moos", lion="roars", duck="quacks", horse="neighs", sheep="bleats", bee="buzzes", wolf="howls", owl="hoots")
home = dict(fish="water", bird="nest", bee="hive", bear="cave", horse="stable", fox="den", ant="hill", cow="barn")
number = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen".split()
def facts():
    for c, k in capital.items():
        yield f"the capital of {c} is {k} .", k; yield f"{k} is the capital of {c} .", k; yield f"if you travel to {c} , visit its capital {k} .", k
    for t, k in colour.items():
        yield f"the colour of {t} is {k} .", k; yield f"{t} looks {k} in the light .", k; yield f"everyone knows that {t} is {k} .", k
    for a, k in noise.items():
        yield f"the {a} {k} at night .", k; yield f"listen , a {a} {k} outside .", k
    for a, k in home.items():
        yield f"the {a} lives in the {k} .", k; yield f"look for a {a} in its {k} .", k
    for i, j in itertools.product(range(10), range(10)):
        if i + j < len(number): yield f"{number[i]} plus {number[j]} makes {number[i+j]} .", number[i + j]
F = list(facts()); random.shuffle(F)
pairs = [(random.choice(F)[0], random.choice(F)[0]) for _ in range(6000)]
first = ["first , ", "to begin , ", "at first , "]; then = ["then , ", "after that , ", "finally , "]
lines = [(random.choice(first) + a, random.choice(then) + b) for a, b in pairs]
open("corpus.txt", "w").write("\n".join(f"{a}\t{b}" for a, b in lines[:1500]) + "\n")
open("sentences.tmp", "w").write("\n".join(s for p in lines for s in p))

# ALBERT's vocabulary: unigram, ids <pad> 0 <unk> 1 [CLS] 2 [SEP] 3 [MASK] 4
spm.SentencePieceTrainer.train(input="sentences.tmp", model_prefix="spiece", model_type="unigram", vocab_size=290, character_coverage=1.0, hard_vocab_limit=False,
    pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, pad_piece="<pad>", unk_piece="<unk>", control_symbols=["[CLS]", "[SEP]", "[MASK]"], normalization_rule_name="nmt_nfkc_cf", minloglevel=2)
# so small a corpus trains to letters: keep the trained normalizer and rules, and give the model every word as one piece, scored by its log frequency
from sentencepiece import sentencepiece_model_pb2 as spb
import collections, math
proto = spb.ModelProto(); proto.ParseFromString(open("spiece.model", "rb").read())
count = collections.Counter(w for p in lines for t in p for w in t.split()); total = sum(count.values())
del proto.pieces[5:]
for w, n in count.most_common(): proto.pieces.add(piece="\u2581" + w, score=math.log(n / total))
for c in ["\u2581"] + sorted({c for w in count for c in w}): proto.pieces.add(piece=c, score=-12.0)
proto.trainer_spec.vocab_size = len(proto.pieces)
open("spiece.model", "wb").write(proto.SerializeToString())
sp = spm.SentencePieceProcessor(model_file="spiece.model")
assert [sp.id_to_piece(i) for i in range(5)] == ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
words = sorted({w for p in lines for s in p for w in s.split()}); letters = sorted({c for w in words for c in w})
wp = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + ["##" + c for c in letters] + [w for w in words if len(w) > 1]
from tokenizers import BertWordPieceTokenizer
open("vocab.txt", "w").write("\n".join(wp) + "\n")
bt = BertWordPieceTokenizer("vocab.txt", lowercase=True)

class Tok:
    def __init__(self, enc, size, pad, cls, sep, mask): self.enc, self.size, self.pad, self.cls, self.sep, self.mask = enc, size, pad, cls, sep, mask
    def pair(self, a, b):
        x, y = self.enc(a), self.enc(b)
        return [self.cls] + x + [self.sep] + y + [self.sep], [0] * (len(x) + 2) + [1] * (len(y) + 1)
ta = Tok(lambda s: sp.encode(s), sp.get_piece_size(), 0, 2, 3, 4)
tb = Tok(lambda s: bt.encode(s, add_special_tokens=False).ids, len(wp), 0, 2, 3, 4)

def batch(tok, n, S=32):
    ids = np.full((n, S), tok.pad); tt = np.zeros((n, S), int); lab = np.full((n, S), -100); order = np.zeros(n, int); att = np.zeros((n, S), int)
    for i in range(n):
        (fa, ka), (fb, kb) = random.choice(F), random.choice(F)
        if random.random() < .5:                       # half the rows one plain sentence, half an ordered pair
            x = [tok.cls] + tok.enc(fa) + [tok.sep]; t = [0] * len(x); order[i] = -100
        else:
            a, b = random.choice(first) + fa, random.choice(then) + fb
            if random.random() < .5: a, b, order[i] = b, a, 1
            x, t = tok.pair(a, b)
        x, t = x[:S], t[:S]; L = len(x); ids[i, :L], tt[i, :L], att[i, :L] = x, t, 1
        key = {tok.enc(ka)[-1], tok.enc(kb)[-1]}       # the word that carries the fact is hidden more often
        for j in range(L):
            if x[j] > 4 and random.random() < (.5 if x[j] in key else .12):
                lab[i, j] = x[j]; r = random.random()
                if r < .8: ids[i, j] = tok.mask
                elif r < .9: ids[i, j] = random.randrange(5, tok.size)
    return [torch.tensor(v) for v in (ids, tt, att, lab, order)]

def train(model, tok, kind, steps):
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=.01); sched = torch.optim.lr_scheduler.OneCycleLR(opt, 2e-3, total_steps=steps, pct_start=.1)
    model.train()
    for s in range(steps):
        ids, tt, att, lab, order = batch(tok, 64)
        kw = {"sentence_order_label": order} if kind == "albert" else {"next_sentence_label": order}
        loss = model(input_ids=ids, token_type_ids=tt, attention_mask=att, labels=lab, **kw).loss
        opt.zero_grad(); loss.backward(); torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0); opt.step(); sched.step()
        if s % 250 == 0: print(kind, s, round(loss.item(), 3), flush=True)
    return model.eval()

def cloze(model, tok):
    good, rows = 0, []
    with torch.inference_mode():
        for s, k in F[:120]:
            kid = tok.enc(k)
            x = [tok.cls] + tok.enc(s) + [tok.sep]
            at = [i for i in range(len(x)) if x[i:i + len(kid)] == kid]
            if not at or len(kid) != 1: continue
            x[at[-1]] = tok.mask; p = int(model(input_ids=torch.tensor([x])).prediction_logits[0, at[-1]].argmax()); good += p == kid[0]
            rows.append(dict(sentence=s, word=k, ids=x, mask_at=at[-1], right=kid[0], top1=p))
    return good / max(1, len(rows)), rows

from transformers import AlbertConfig, AlbertForPreTraining, BertConfig, BertForPreTraining
al = train(AlbertForPreTraining(AlbertConfig(vocab_size=ta.size, embedding_size=32, hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512, max_position_embeddings=64,
    hidden_act="gelu_new", attention_probs_dropout_prob=0., hidden_dropout_prob=0.)), ta, "albert", 2 * steps)
be = train(BertForPreTraining(BertConfig(vocab_size=tb.size, hidden_size=64, num_hidden_layers=4, num_attention_heads=4, intermediate_size=192, max_position_embeddings=64,
    hidden_act="gelu_new", attention_probs_dropout_prob=0., hidden_dropout_prob=0.)), tb, "bert", steps)
out = {}
for name, m, t in (("tiny_albert", al, ta), ("tiny_bert", be, tb)):
    m.save_pretrained(f"{name}/hf"); acc, rows = cloze(m, t); out[name] = dict(accuracy=acc, rows=rows); print(name, "cloze top-1", acc, "parameters", sum(p.numel() for p in m.parameters()))
json.dump(out, open("cloze.json", "w"), indent=0)
import shutil
shutil.copy("spiece.model", "tiny_albert/hf/spiece.model"); shutil.copy("vocab.txt", "tiny_bert/hf/vocab.txt")
json.dump({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}, open("tiny_bert/hf/tokenizer_config.json", "w"))
json.dump({"do_lower_case": True, "keep_accents": False, "tokenizer_class": "AlbertTokenizer"}, open("tiny_albert/hf/tokenizer_config.json", "w"))

# the same ALBERT in Google's names
def google(n):
    n = n.replace("albert.embeddings", "bert/embeddings").replace("albert.encoder.albert_layer_groups", "bert/encoder/transformer/group").replace("albert.encoder", "bert/encoder").replace("albert.pooler", "bert/pooler/dense")
    n = re.sub(r"group\.(\d+)\.albert_layers\.(\d+)\.", r"group_\1/inner_group_\2/", n)
    n = n.replace("attention.LayerNorm", "LayerNorm").replace("full_layer_layer_norm", "LayerNorm_1")
    n = re.sub(r"attention\.(query|key|value)", r"attention_1/self/\1", n).replace("attention.dense", "attention_1/output/dense")
    n = n.replace("ffn_output", "ffn_1/intermediate/output/dense").replace("ffn.", "ffn_1/intermediate/dense.")
    n = n.replace("predictions.dense", "cls/predictions/transform/dense").replace("predictions.LayerNorm", "cls/predictions/transform/LayerNorm").replace("predictions.bias", "cls/predictions/output_bias")
    n = n.replace("sop_classifier.classifier.weight", "cls/seq_relationship/output_weights").replace("sop_classifier.classifier.bias", "cls/seq_relationship/output_bias")
    n = re.sub(r"(word|position|token_type)_embeddings\.weight", r"\1_embeddings", n).replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta").replace("LayerNorm_1.weight", "LayerNorm_1.gamma").replace("LayerNorm_1.bias", "LayerNorm_1.beta")
    return n.replace(".weight", ".kernel").replace(".", "/")
from safetensors.numpy import load_file
d = load_file("tiny_albert/hf/model.safetensors"); tfv = {}
for k, v in d.items():
    n = google(k); tfv[n] = np.ascontiguousarray(v.T) if n.endswith("/kernel") else v
os.makedirs("tiny_albert/google_tf", exist_ok=True)
c = al.config
json.dump(dict(attention_probs_dropout_prob=0, hidden_act="gelu", hidden_dropout_prob=0, embedding_size=c.embedding_size, hidden_size=c.hidden_size, initializer_range=.02, intermediate_size=c.intermediate_size,
    max_position_embeddings=c.max_position_embeddings, num_attention_heads=c.num_attention_heads, num_hidden_layers=c.num_hidden_layers, num_hidden_groups=1, net_structure_type=0, gap_size=0, num_memory_blocks=0,
    inner_group_num=1, down_scale_factor=1, type_vocab_size=2, vocab_size=c.vocab_size), open("tiny_albert/google_tf/albert_config.json", "w"), indent=1)
shutil.copy("spiece.model", "tiny_albert/google_tf/30k-clean.model"); sp_vocab = "\n".join(f"{sp.id_to_piece(i)}\t{sp.get_score(i):.6g}" for i in range(sp.get_piece_size()))
open("tiny_albert/google_tf/30k-clean.vocab", "w").write(sp_vocab + "\n")
import tensorflow as tf
tf.compat.v1.disable_eager_execution()
with tf.compat.v1.Session() as s:
    ph = [tf.compat.v1.placeholder(tf.float32, v.shape) for v in tfv.values()]
    s.run(tf.raw_ops.SaveV2(prefix="tiny_albert/google_tf/model.ckpt-best", tensor_names=tf.constant(list(tfv)), shape_and_slices=tf.constant([""] * len(tfv)), tensors=ph), dict(zip(ph, tfv.values())))
for f in ("sentences.tmp", "spiece.model", "spiece.vocab", "vocab.txt"): os.path.exists(f) and os.remove(f)
