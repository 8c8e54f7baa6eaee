"""A BERT with random weights, small enough to be made by each run of the tests."""

from pathlib import Path

import torch
from conftest import SENTENCES

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = sorted({char for text, _ in SENTENCES for char in text} - {" "})
# Whole words too, which characters must not be merged into.
LATIN = [*"abcdefghijklmnopqrstuvwxyzBCD0123456789", "apple", "##pple", "##a", "2024", "##4"]
VOCABULARY = [*SPECIAL, *CHARACTERS, *LATIN]
WIDTH = 32


def make_bert(folder: Path, *, lower: bool = False, positions: int = 64, dropout: float = 0.0) -> str:
    """Saves one in Hugging Face's format. RETURNS: the folder."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=lower, model_max_length=positions)
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=positions,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        initializer_range=0.3,  # so that its features tell characters apart
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    return str(folder)
