"""Synthetic tasks and small corpora: seeded, offline, NumPy only.

Each function takes the generator it draws from. Sequences are (T, B, D); see `Batch` for the shapes of answers.
"""

from ._common import Batch, next_symbol, one_hot
from .batches import LETTERS, Padded, buckets, encode_letters, pad, shuffled, wasted_steps, words
from .corpus import Text, random_windows, stream_batches, text, topics
from .images import Images, digit_images, pixel_sequence, row_sequence
from .memory import (
    ADDING_BASELINE,
    adding,
    adding_1997,
    copy_baseline,
    copy_memory,
    first_symbol,
    guest_list,
    latch,
    temporal_order,
)
from .processes import EVEN_ENTROPY, even_process, even_process_table, parity, sine
from .reber import REBER_SYMBOLS, ReberBatch, continual_reber, reber_batch, reber_next, reber_string
from .sentences import (
    CLOZE_ENTROPY,
    SENTENCE_WORDS,
    Sentence,
    cloze,
    cloze_answers,
    country_language,
    country_language_batch,
    decode_words,
    encode_words,
)
from .was_or_were import (
    SENTENCE_BITS,
    SENTENCE_LENGTH,
    WORDS,
    distance,
    sentence,
    sentence_batch,
    sentence_stream,
    word_ids,
)

__all__ = [
    "ADDING_BASELINE",
    "CLOZE_ENTROPY",
    "EVEN_ENTROPY",
    "LETTERS",
    "REBER_SYMBOLS",
    "SENTENCE_BITS",
    "SENTENCE_LENGTH",
    "SENTENCE_WORDS",
    "WORDS",
    "Batch",
    "Images",
    "Padded",
    "ReberBatch",
    "Sentence",
    "Text",
    "adding",
    "adding_1997",
    "buckets",
    "cloze",
    "cloze_answers",
    "continual_reber",
    "copy_baseline",
    "copy_memory",
    "country_language",
    "country_language_batch",
    "decode_words",
    "digit_images",
    "distance",
    "encode_letters",
    "encode_words",
    "even_process",
    "even_process_table",
    "first_symbol",
    "guest_list",
    "latch",
    "next_symbol",
    "one_hot",
    "pad",
    "parity",
    "pixel_sequence",
    "random_windows",
    "reber_batch",
    "reber_next",
    "reber_string",
    "row_sequence",
    "sentence",
    "sentence_batch",
    "sentence_stream",
    "shuffled",
    "sine",
    "stream_batches",
    "temporal_order",
    "text",
    "topics",
    "wasted_steps",
    "word_ids",
    "words",
]
