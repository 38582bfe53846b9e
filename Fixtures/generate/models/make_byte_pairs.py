"""Byte-pair tokenizers and the steps around them, and what Hugging Face's tokenizers make of hard texts with them.

    make_byte_pairs.py          (needs tokenizers)

roberta_bpe.*                   a byte-level vocabulary with RoBERTa's special tokens: texts and pairs, with and without what goes around
splitters.table.json            pre_tokenizers by themselves: the words of texts and where they stand
added_tokens.table.json         added tokens with every flag, beside and within each other
byte_pair_models.table.json     the options of BPE, WordLevel, and long words
decoders.table.json             tokens to text
"""
import itertools, json, os, random, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as C, tokenizers as tk
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

OUT = os.path.join(C.HERE, "tokenizers")
R = random.Random(7)
WORDS = ("the quick brown fox jumps over lazy dogs while converters read weights and map them into canonical layouts shared parameters across layers "
         "unbelievable unaffordable café naïve résumé 日本語 テスト Über straße can't we'll 3.14 2,000 e-mail").split()
LINES = [" ".join(R.choice(WORDS) for _ in range(12)) for _ in range(400)]
# Only what every version of Unicode since 10 puts into the same classes.
PARTS = ("the of Hello WORLD isn GPT naïve Straße ΑΒΓ привет МОСКВА 日本語 テスト 한국어 ภาษา عربي हिन्दी ﬁ ǅ ʰ ª ½ ② Ⅳ ٣ 12 345 1234567 3.14 e-mail a_b __init__ C++ #tag $5 100% <b> // () ... !!! ?? — 🙂 👩‍💻 🇩🇪 ❤️ ™"
         " 's 't 're 've 'm 'll 'd 'S 'LL 'Re 'ſ ’s ' '' aa aaa e").split()
SPACES = [" ", "  ", "   ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\x85", "\u2028", " \n ", "\n\n", "\u200b"]
MARKS = ["\u0301", "\u0327", "\u20dd", "\u093f"]


def texts(count, extra=()):
    def part():
        kind = R.random()
        pool = PARTS if kind < .55 else SPACES if kind < .85 else MARKS if kind < .9 else list(extra) or PARTS
        return R.choice(pool)
    return ["".join(part() for _ in range(R.choice([1, 2, 3, 5, 9, 14]))) for _ in range(count)]


def save(name, value):
    with open(os.path.join(OUT, name), "w", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace('{"', '\n{"') + "\n")


def encoded(tokenizer, text, pair=None, special=True):
    e = tokenizer.encode(text, pair, add_special_tokens=special)
    case = {"text": text, "ids": e.ids, "tokens": [tokenizer.id_to_token(i) for i in e.ids], "types": e.type_ids, "offsets": [list(o) for o in e.offsets],
            "decoded": tokenizer.decode(e.ids, skip_special_tokens=True), "template": special}
    return case | ({"pair": pair} if pair is not None else {})


def roberta():
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    t.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, special_tokens=specials, show_progress=False))
    model = json.loads(t.to_str())["model"]
    vocabulary = model["vocab"] | {"<mask>": len(model["vocab"])}
    t.model = models.BPE(vocab=vocabulary, merges=[tuple(m) for m in model["merges"]])
    t.add_special_tokens([AddedToken(s, normalized=False) for s in specials] + [AddedToken("<mask>", lstrip=True, normalized=False)])
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    hard = ["", " ", "a <mask> b", "  <mask>", "<mask><mask> <mask>", "<s>the</s>", "Hello\u3000<mask>!", "é <mask>  x", "the  quick   brown", "\n\n the", "ab" * 90]
    hard += texts(30, extra=["<mask>", "<s>", "</s>"])
    cases = [encoded(t, x, special=i % 2 == 0) for i, x in enumerate(hard)]
    cases += [encoded(t, a, b, special=i % 3 > 0) for i, (a, b) in enumerate(zip(hard, hard[7:]))]
    save("roberta_bpe.cases.json", {"cases": cases})
    t.save(os.path.join(OUT, "roberta_bpe.tokenizer.json"), pretty=False)
    with open(os.path.join(OUT, "roberta_bpe.vocab.json"), "w", encoding="utf-8") as file:
        json.dump(vocabulary, file)
    with open(os.path.join(OUT, "roberta_bpe.merges.txt"), "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n" + "\n".join(" ".join(m) for m in model["merges"]) + "\n")


TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
CAPITALS, SMALLS = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
LEAD = r"[^\r\n\p{L}\p{N}]?"
PATTERNS = {
    "GPT-2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "GPT-4, LLaMA 3": CONTRACTIONS + "|" + LEAD + r"\p{L}+|\p{N}{1,3}" + TAIL,
    "Qwen 2": CONTRACTIONS + "|" + LEAD + r"\p{L}+|\p{N}" + TAIL,
    "GPT-4o": f"{LEAD}{CAPITALS}*{SMALLS}+{CONTRACTIONS}?|{LEAD}{CAPITALS}+{SMALLS}*{CONTRACTIONS}?" + r"|\p{N}{1,3}" + TAIL.replace(r"[\r\n]*|", r"[\r\n/]*|"),
    "CLIP": r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    "three numerals": r"\p{N}{1,3}", "one numeral": r"\p{N}", "three digits": "[0-9][0-9][0-9]", "white space": r"\s+",
}
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]


def splitters():
    parts = [{"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated", "invert": False} for p in PATTERNS.values()]
    for behavior, invert in itertools.product(BEHAVIORS, (False, True)):
        parts.append({"type": "Split", "pattern": {"String": "aa"}, "behavior": behavior, "invert": invert})
        parts.append({"type": "Split", "pattern": {"Regex": PATTERNS["CLIP"]}, "behavior": behavior, "invert": invert})
    parts += [{"type": "Punctuation", "behavior": b} for b in BEHAVIORS] + [{"type": "Punctuation"}]
    parts += [{"type": "Digits", "individual_digits": i} for i in (False, True)]
    parts += [{"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "BertPreTokenizer"}, {"type": "CharDelimiterSplit", "delimiter": "e"}]
    byte_levels = [{"type": "ByteLevel", "add_prefix_space": p, "use_regex": u, "trim_offsets": True} for p, u in itertools.product((False, True), repeat=2)]
    parts += byte_levels
    parts.append({"type": "Sequence", "pretokenizers": [parts[1], byte_levels[0]]})
    parts.append({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Punctuation"}, {"type": "Digits", "individual_digits": True}, byte_levels[3]]})
    table = []
    for part in parts:
        state = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": part, "post_processor": None,
                 "decoder": None, "model": {"type": "WordLevel", "vocab": {"<unk>": 0}, "unk_token": "<unk>"}}
        splitter = Tokenizer.from_str(json.dumps(state)).pre_tokenizer
        cases = [{"text": x, "words": [[w, *o] for w, o in splitter.pre_tokenize_str(x)]} for x in texts(14)]
        table.append({"pre_tokenizer": part, "cases": cases})
    save("splitters.table.json", table)


def added_tokens():
    contents = ["<m>", "<mask>", "ab", "abc", "bc", "a", "My", " b", "b ", "é", "日", "日本", "_x", "x_", "||", "A B", "<", "\n", "  ", "1", "²"]
    others = [" ", "  ", "\n", "\u3000", "a", "b", "c", "x", "_", "1", "²", "é", "e\u0301", "\u0301", "日", "本", "my", "the", "<", ">", "|", "\u200d", "-", "\u00a0"]
    normal = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    table = []
    for normalizer in (None, {"type": "Lowercase"}, normal, {"type": "NFD"}) * 2:
        flags = ("single_word", "lstrip", "rstrip", "normalized", "special")
        tokens = [{"id": 3 + i, "content": c} | {f: R.random() < .4 for f in flags} for i, c in enumerate(R.sample(contents, 11))]
        state = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer, "pre_tokenizer": {"type": "WhitespaceSplit"},
                 "post_processor": None, "decoder": None, "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "the": 1, "of": 2}, "unk_token": "<unk>"}}
        t = Tokenizer.from_str(json.dumps(state))
        chosen = [c["content"] for c in tokens]
        cases = [encoded(t, "".join(R.choice(chosen) if R.random() < .5 else R.choice(others) for _ in range(R.randint(1, 10)))) for _ in range(30)]
        contents_by_id = {c["id"]: c["content"] for c in tokens}
        for case in cases:  # Some versions spell a token as it is normalized, others as the file does.
            case["tokens"] = [contents_by_id.get(i, token) for i, token in zip(case["ids"], case["tokens"])]
            del case["decoded"]
        table.append({"tokenizer": state, "cases": cases})
    save("added_tokens.table.json", table)


def byte_pair_models():
    letters = {c: i for i, c in enumerate(["<unk>", *"abcdeé日"])}

    def grown(base, merges, prefix=""):
        vocabulary = dict(base)
        for left, right in merges:
            vocabulary.setdefault(left + right[len(prefix):], len(vocabulary))
        return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
                "byte_fallback": False, "ignore_merges": False, "vocab": vocabulary, "merges": [list(m) for m in merges]}
    plain = [("a", "b"), ("ab", "ab"), ("b", "c"), ("a", "a"), ("aa", "aa"), ("c", "d"), ("ab", "c"), ("é", "日"), ("aa", "b"), ("d", "é日")]
    rows = [grown(letters, plain) | {"unk_token": "<unk>", "fuse_unk": f} for f in (False, True)]
    rows.append(grown(letters, plain) | {"unk_token": "<unk>", "merges": [" ".join(m) for m in plain]})
    rows.append(grown(letters | {"abcd": 90, "ee": 91, "aaab": 92}, plain) | {"unk_token": "<unk>", "ignore_merges": True, "dropout": 0.0})
    rows.append(grown(letters | {"abcd": 90, "ee": 91, "aaab": 92}, plain) | {"unk_token": "<unk>"})
    rows.append(grown(letters, plain + [("b", "c"), ("a", "b")]) | {"unk_token": "<unk>"})
    ends = letters | {c + "</w>": len(letters) + i for i, c in enumerate("abcdé")}
    rows.append(grown(ends, [("a", "b"), ("a", "b</w>"), ("ab", "ab</w>"), ("c", "d</w>"), ("ab", "c")]) | {"unk_token": "<unk>", "end_of_word_suffix": "</w>"})
    starts = letters | {"##" + c: len(letters) + i for i, c in enumerate("abcdé日")}
    rows.append(grown(starts, [("a", "##b"), ("##a", "##b"), ("ab", "##ab"), ("##c", "##d"), ("é", "##日")], "##") | {"unk_token": "<unk>", "continuing_subword_prefix": "##"})
    every = letters | {f"<0x{b:02X}>": len(letters) + b for b in range(256)}
    rows.append(grown(every, plain) | {"unk_token": "<unk>", "byte_fallback": True})
    some = letters | {f"<0x{b:02X}>": len(letters) + b for b in (0x78, 0xC3, 0xA9, 0xC3, 0xB6)}
    rows += [grown(some, plain) | {"unk_token": "<unk>", "byte_fallback": True, "fuse_unk": f} for f in (False, True)]
    rows.append(grown(letters, plain))
    rows += [{"type": "WordLevel", "vocab": letters | {"abc": 9, "日é": 10}, "unk_token": "<unk>"}]
    words = ["a", "b", "x", "ab", "abab", "aaaa", "aaaaa", "abcd", "aaab", "ee", "xx", "axxb", "xaxbx", "é日", "dé日", "日é", "abc", "öx", "xö", "söxs", "🙂a🙂", "e\u0301"]
    words += ["".join(R.choice("aaabbccddeé日x") for _ in range(n)) for n in (3, 5, 8, 13, 40, 47, 48, 49, 50, 51, 80, 200)]
    words += ["a" * 300, "ab" * 150, "abc" * 100, "aab" * 60 + "d" * 30]
    table = []
    for model in rows:
        state = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model}
        t = Tokenizer.from_str(json.dumps(state))
        cases = [encoded(t, w) for w in words]
        if model.get("unk_token") is None or model.get("byte_fallback"):
            for case in cases:  # The package counts characters that it leaves out, and bytes of what stands for others, as none or as one.
                del case["offsets"]
        table.append({"tokenizer": state, "cases": cases})
    save("byte_pair_models.table.json", table)


def decoder_cases():
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    rows = []
    for part, pool in (({"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, letters + ["<s>", "日", " ", "Ġthe", "é"]),
                       ({"type": "BPEDecoder", "suffix": "</w>"}, ["the</w>", "a", "b</w>", "</w>", "</w>\u0301", "é", "<unk>", "</w></w>"]),
                       ({"type": "BPEDecoder", "suffix": "_"}, ["the_", "_a_b", "b", "_"])):
        state = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": part,
                 "model": {"type": "WordLevel", "vocab": {"<unk>": 0}, "unk_token": "<unk>"}}
        decoder = Tokenizer.from_str(json.dumps(state)).decoder
        cases = [[R.choice(pool) for _ in range(R.randint(0, 9))] for _ in range(60)]
        rows.append({"decoder": part, "cases": [{"tokens": c, "text": decoder.decode(c)} for c in cases]})
    save("decoders.table.json", rows)


roberta(), splitters(), added_tokens(), byte_pair_models(), decoder_cases()
