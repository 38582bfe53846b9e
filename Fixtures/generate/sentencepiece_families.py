"""SentencePiece models as ALBERT, XLNet, T5, LLaMA, XLM-R and CamemBERT use them, and tokenizer.json files of the same kind.

Needs transformers 4.44 (its slow tokenizers), sentencepiece 0.2 and tokenizers 0.19. Each folder has a model, the settings that the family's
own tokenizer was opened with, and cases.json: what that tokenizer made of hard texts. Each metaspace_X.tokenizer.json has a
metaspace_X.cases.json beside it.
"""
import json, os, random, shutil, tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import (AlbertTokenizer, CamembertTokenizer, LlamaTokenizer, T5Tokenizer, XLMRobertaTokenizer,
                          XLNetTokenizer)
from transformers.convert_slow_tokenizer import convert_slow_tokenizer, import_protobuf

protocol = import_protobuf()
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "../data/models/tokenizers/sentencepiece")
random.seed(0)
WORDS = ("the quick brown fox jumps over lazy dogs while converters read weights and map them into canonical layouts shared parameters "
         "across layers unbelievable unaffordable café naïve résumé 日本語 テスト Über straße can't we'll Ελλάδα привет").split()
NUMBERS = ["3.14", "2,000", "10,000,000", "1999,", "2005,", "9,9", "1,2,3", "42"]
TEXT = "\n".join(" ".join(random.choice(WORDS if random.random() < 0.8 else NUMBERS) for _ in range(12)) for _ in range(600))
RULES = [("FB01", "66 69"), ("BD", "31 2044 32"), ("FF21", "41"), ("65 301", "E9"), ("A0", "20"), ("9", "20"), ("A", "20"), ("D", "20"),
         ("3000", "20"), ("2581", "20"), ("200B", ""), ("FEFF", ""), ("2026", "2E 2E 2E")]

TEXTS = [
    "the quick brown fox", "  leading and  double  spaces ", "Café NAÏVE résumé", "日本語テスト", "can't we'll it's I'M",
    "In 1999, 2,000 dogs; 9,9 and 10,000,000,000, ok?", "1,2,3,", "②, ²,½,", "``quoted'' and 'single' `` ''", "emoji 🙂 zwj 👩‍💻 flags 🇩🇪",
    "tab\tand\nnewline\r\nend", "ﬁne ½ Ａ … e\u0301", "", " ", "\u200bzero\u00a0nbsp\ufeff", "\ufeffbom first", "a\u0323\u0301 marks\u0301\u0301 ",
    "ΣΟΦΟΣ Ελλάδα İstanbul ϹΣ", "ab" * 40, "<s> </s> <unk> <pad>", "the [MASK] fox [SEP] and [CLS]", "the <mask> fox<mask>dogs  <mask>",
    "<sep> and <cls><eop><eod>", "<extra_id_0> fox <extra_id_1>  jumps<extra_id_99>", "▁the▁fox ▁ dogs", "<0x41> bytes <0xE2>", "\u3000wide\u3000spaces\u3000",
    "straße STRASSE ß", "unaffordable!!! (really?)", "e\u0301le\u0300ve \u0301", "\U00010348 \U0001F9FF \u0e01\u0e33",
]
PAIRS = [("the quick", "brown fox"), ("2,000 dogs", "3.14"), ("", "only second"), ("only first", ""), ("<unk> a", "b </s> c")]


def train(name, kind, size, rules=True, **options):
    """A model of the text, without the paths of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        text = os.path.join(folder, "text")
        open(text, "w").write(TEXT)
        if rules:
            table = os.path.join(folder, "rules.tsv")
            open(table, "w").write("".join(f"{a}\t{b}\n" for a, b in RULES))
            options["normalization_rule_tsv"] = table
        prefix = os.path.join(folder, "model")
        sentencepiece.SentencePieceTrainer.train(
            input=text, model_prefix=prefix, model_type=kind, vocab_size=size, minloglevel=2, hard_vocab_limit=False, num_threads=1, **options)
        model = protocol.ModelProto()
        model.ParseFromString(open(prefix + ".model", "rb").read())
    model.trainer_spec.ClearField("input")
    model.trainer_spec.ClearField("model_prefix")
    model.normalizer_spec.ClearField("normalization_rule_tsv")
    path = os.path.join(OUT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(model.SerializeToString())
    return path


def save(path, value):
    with open(path, "w") as file:
        json.dump(value, file, ensure_ascii=False, indent=0, sort_keys=True)
        file.write("\n")


def family(folder, model, source, tokenizer, settings=None, name=None):
    """The cases of a family's own tokenizer; `name` is the family where the files do not tell."""
    path = os.path.join(OUT, folder)
    os.makedirs(path, exist_ok=True)
    file = os.path.join(path, model)
    if os.path.abspath(source) != os.path.abspath(file): shutil.copy(source, file)
    if settings: save(os.path.join(path, "tokenizer_config.json"), settings)
    original = tokenizer(file, **(settings or {}))
    cases = []
    for text, pair in [(text, None) for text in TEXTS] + PAIRS:
        made = original(text, pair)
        cases.append({"text": text, "pair": pair, "ids": made["input_ids"], "types": made.get("token_type_ids"),
                      "tokens": original.convert_ids_to_tokens(made["input_ids"])})
    save(os.path.join(path, "cases.json"), {"file": model, "family": name, "cases": cases})
    return original


def long_sums(name):
    """A model whose sums grow fast: sums of 32 bits alone would soon not tell two ways apart, and SentencePiece counts from 0 again."""
    model = protocol.ModelProto()
    for text, score, kind in (("<unk>", 0, 2), ("▁", -1000, 1), ("a", -1000, 1), ("bc", -1, 1), ("b", -0.5, 1), ("c", -0.496, 1)):
        model.pieces.add(piece=text, score=score, type=kind)
    path = os.path.join(OUT, "..", name)
    open(path + ".model", "wb").write(model.SerializeToString())
    original = sentencepiece.SentencePieceProcessor(model_file=path + ".model")
    cases = []
    for count in (0, 1, 2, 10, 50, 64, 99, 100, 101, 130, 200, 250, 300, 505):
        ids = original.encode("a" * count + "bc")
        cases.append({"text": "a" * count + "bc", "ids": ids, "decoded": original.decode(ids)})
    save(path + ".cases.json", {"cases": cases, "pieces": [[piece.piece] for piece in model.pieces]})


def whole(name, tokenizer):
    """A tokenizer.json with what the tokenizers package makes of the texts.

    Where a character becomes another count of them, that package loses count, and what it says of places is left out.
    """
    path = os.path.join(OUT, "../metaspace_" + name)
    tokenizer.save(path + ".tokenizer.json")
    cases = []
    for text in TEXTS:
        made = tokenizer.encode(text, add_special_tokens=False)
        case = {"text": text, "tokens": made.tokens, "ids": made.ids, "decoded": tokenizer.decode(made.ids)}
        if all(len(tokenizer.normalizer.normalize_str(c)) == 1 for c in text) and not any(a in text for a in ("e\u0301", "🇩", "  ", "\r\n", "\u0301\u0301")):
            case["offsets"] = [list(pair) for pair in made.offsets]
        cases.append(case)
    pieces = [[tokenizer.id_to_token(index)] for index in range(tokenizer.get_vocab_size())]
    save(path + ".cases.json", {"cases": cases, "pieces": pieces})


special = dict(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]", "[MASK]"])
albert = train("albert/spiece.model", "unigram", 260, rules=False, **special)
family("albert", "spiece.model", albert, AlbertTokenizer)
small = train("albert_cased/30k-clean.model", "unigram", 260, **special)
cased = family("albert_cased", "30k-clean.model", small, AlbertTokenizer, {"do_lower_case": False, "keep_accents": True, "remove_space": False})
xlnet = train("xlnet/spiece.model", "unigram", 280, control_symbols=["<cls>", "<sep>", "<pad>", "<mask>", "<eod>"], user_defined_symbols=["<eop>", ".", "(", ")", '"', "-", "–", "£", "€"])
family("xlnet", "spiece.model", xlnet, XLNetTokenizer)
t5 = train("t5/spiece.model", "unigram", 260, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
family("t5", "spiece.model", t5, T5Tokenizer, {"legacy": True})
newer = family("t5_newer", "spiece.model", t5, T5Tokenizer, {"legacy": False, "extra_ids": 100})
llama = train("llama/tokenizer.model", "bpe", 480, rules=False, normalization_rule_name="identity", byte_fallback=True, split_digits=True,
              remove_extra_whitespaces=False, allow_whitespace_only_pieces=True)
family("llama", "tokenizer.model", llama, LlamaTokenizer, {"legacy": True})
family("llama_newer", "tokenizer.model", llama, LlamaTokenizer, {"legacy": False, "add_eos_token": True})
plain = train("xlm_roberta/sentencepiece.bpe.model", "unigram", 260)
roberta = family("xlm_roberta", "sentencepiece.bpe.model", plain, XLMRobertaTokenizer)
family("camembert", "sentencepiece.bpe.model", plain, CamembertTokenizer, name="camembert")

long_sums("unigram_long_sums")
whole("albert_cased", convert_slow_tokenizer(cased))
whole("t5_newer", convert_slow_tokenizer(newer))
whole("xlm_roberta", convert_slow_tokenizer(roberta))

bytes_model = protocol.ModelProto()
bytes_model.ParseFromString(open(train("bytes.model", "unigram", 520, rules=False, normalization_rule_name="identity", byte_fallback=True), "rb").read())
os.remove(os.path.join(OUT, "bytes.model"))
pieces = [(piece.piece, piece.score) for piece in bytes_model.pieces]
tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=True))
tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
tokenizer.add_special_tokens(["<s>", "</s>", AddedToken("<mask>", lstrip=True, rstrip=True)])
whole("bytes", tokenizer)
tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Strip(True, True), normalizers.Replace(Regex(r"\s+"), " "), normalizers.StripAccents()])
tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="never", split=False)
tokenizer.decoder = decoders.Metaspace("▁", prepend_scheme="never")
whole("unsplit", tokenizer)
