"""Compression by halves gives one stream that any reader takes."""

import gzip
import random

import pytest

from incidents.web.overlay.gzipped import gzipped


@pytest.mark.parametrize("n", [0, 1, 1000, 199_999, 200_000, 200_001, 1_234_567])
def test_what_is_compressed_comes_back(n: int) -> None:
    words = [str(random.Random(n).random()).encode() for _ in range(50)]
    text = b",".join(random.Random(n + 1).choices(words, k=n // 18 + 1))[:n]
    packed = gzipped(text)
    assert gzip.decompress(packed) == text
    assert gzipped(text) == packed
    assert len(packed) <= len(gzip.compress(text, 4)) * 1.02 + 64
