"""Attention of a sentence over entity classes."""

import torch
from torch import nn

from .attention import key_mask, show_weights, softmax_weights
from .bert_layers import BertOutput, checked_heads, initialize_as_bert, split_heads


class ClassificationAttention(nn.Module):
    """The classification attention of "Classification Attention for Chinese NER", section 3.3.

    Each character is weighted by its similarity to each entity class, in several heads. The result goes through the
    self-output, intermediate and output layers of BERT, with both residuals.

    The paper leaves some points open. They are read as follows:
    - Q comes from the sentence, K from the class embeddings, V from the sentence ("the entity classification embedding
      and the sentence embedding after the Key-layer and then Query-layer respectively").
    - The softmax of the similarity is taken over the characters of the sentence, for each class and head: "characters
      similar to a particular entity class could have greater feature weights". Taken over the entity, "an input
      sentence with only one character", it would be 1 everywhere.
    - The Hadamard product weights the rows of V. There is one weighted sentence for each class and head ("a matrix
      one-dimensional higher than BERT").
    - Heads and classes are merged by concatenation, and the self-output layer maps the result to the width of BERT. A
      sum over classes would fit without it, but would not tell which class a character resembles.
    - The class embeddings are not trained, only the Key-layer that they pass through: section 3.1 computes them
      beforehand, "in a pipeline structure".
    - Dropout is applied to the similarities, as in BERT, and after the self-output and output layers.

    width: width of a character's state. classes: names of the classes. class_width: width of the class embeddings. They
    are the buffer `class_embeddings` (n_classes, class_width), zero at first. inner: width of the intermediate
    layer."""

    class_embeddings: torch.Tensor

    def __init__(self, width: int, classes: list[str], class_width: int, heads: int, inner: int, dropout: float):
        super().__init__()
        self.classes, self.heads = classes, checked_heads(width, heads)
        self.register_buffer("class_embeddings", torch.zeros(len(classes), class_width))
        self.query, self.key = nn.Linear(width, width), nn.Linear(class_width, width)
        self.value = nn.Linear(width, width)
        self.rest = BertOutput(len(classes) * width, width, inner, dropout)
        self.dropout = nn.Dropout(dropout)
        self.apply(initialize_as_bert)

    def similarity(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded (B, T, width) and lengths (B,) to the similarity of characters to classes, (B, heads, classes,
        T). It sums to 1 over the characters of a sentence and is zero at padding."""
        query = split_heads(self.query(padded), self.heads)
        key = split_heads(self.key(self.class_embeddings)[None], self.heads)
        return softmax_weights(key, query, key_mask(lengths, padded.shape[1])[:, None, None])

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded (B, T, width) and lengths (B,) to (B, T, width); values at padding have no meaning."""
        weights = self.similarity(padded, lengths)
        show_weights(weights, self.classes)
        value = split_heads(self.value(padded), self.heads)
        # shape: (B, heads, classes, T, width / heads)
        weighted = self.dropout(weights)[..., None] * value[:, :, None]
        # shape: (B, T, classes, heads, width / heads)
        merged = weighted.permute(0, 3, 2, 1, 4)
        return self.rest(merged.flatten(2), padded)
