"""LoRA adapters as `peft` saves them, and the models that its merge_and_unload makes of them.

    python adapters.py DATA            writes DATA/adapters/*/ from DATA/models; torch, transformers, peft
"""
import json
import pathlib
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import BertForPreTraining, BertForSequenceClassification, GPT2LMHeadModel

CASES = {
    "plain": (BertForPreTraining, "bert/hf", dict(r=2, lora_alpha=6, target_modules=["query", "value"])),
    "patterns": (BertForPreTraining, "bert/hf", dict(
        r=2, lora_alpha=3, use_rslora=True, target_modules=["query", "key", "dense", "word_embeddings"],
        rank_pattern={"layer.1.attention.self.query": 3, "word_embeddings": 5}, alpha_pattern={"intermediate.dense": 7})),
    "saved": (BertForSequenceClassification, "bert/hf", dict(
        r=3, lora_alpha=4, target_modules=["query", "output.dense"], modules_to_save=["classifier"], bias="lora_only")),
    "dora": (BertForPreTraining, "bert/hf", dict(r=2, lora_alpha=5, use_dora=True, target_modules=["query", "dense"])),
    "columns": (GPT2LMHeadModel, "gpt2/hf", dict(r=2, lora_alpha=2.5, fan_in_fan_out=True, target_modules=["c_attn", "c_fc"])),
    "columns_dora": (GPT2LMHeadModel, "gpt2/hf", dict(
        r=2, lora_alpha=3, use_dora=True, fan_in_fan_out=True, target_modules=["c_attn"])),
}


def main():
    data = pathlib.Path(sys.argv[1])
    for name, (cls, base, settings) in CASES.items():
        torch.manual_seed(len(name))
        model = get_peft_model(cls.from_pretrained(data / "models" / base), LoraConfig(**settings))
        with torch.no_grad():
            for key, value in model.named_parameters():
                if "lora_" in key or value.requires_grad:
                    value.add_(torch.randn_like(value) * 0.1)
        folder = data / "adapters" / name
        model.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        config = folder / "adapter_config.json"
        settings = json.loads(config.read_text())
        settings.update(base_model_name_or_path=base, target_modules=sorted(settings["target_modules"]))
        config.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        merged = model.merge_and_unload().state_dict()
        save_file({key: value.contiguous().clone() for key, value in merged.items()}, folder / "merged.safetensors")


if __name__ == "__main__":
    main()
