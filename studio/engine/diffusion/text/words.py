"""Words of a person's own, that stand for vectors: textual inversion (arXiv:2208.01618)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from studio.core.prompt_syntax import Word, split_at_words


@dataclass(frozen=True, slots=True)
class Vector:
    """In the place of a token: one of the vectors of the word whose file has that SHA-256."""

    digest: str
    row: int
    of: str  # the word


Token = int | Vector


@dataclass(frozen=True, slots=True)
class OwnWord:
    """What a word means to one text encoder: `vectors` [tokens, features]."""

    digest: str
    vectors: Tensor


@dataclass(frozen=True, slots=True)
class Words:
    """What words mean to one text encoder beside its vocabulary, by the word."""

    meanings: Mapping[str, OwnWord] = field(default_factory=dict)

    def tokens(self, text: str, tokenize: Callable[[str], list[int]]) -> list[Token]:
        """The text as tokens; a word with several vectors is as many of them."""
        tokens: list[Token] = []
        for piece in split_at_words(text, self.meanings):
            if isinstance(piece, Word):
                own = self.meanings[piece.name]
                rows = range(len(own.vectors))
                tokens += [Vector(own.digest, row, piece.name) for row in rows]
            else:
                tokens += tokenize(piece)
        return tokens

    @contextmanager
    def spoken(self, encoder: Any, tokens: Sequence[Token]) -> Iterator[None]:
        """While it lasts, the encoder takes these tokens' vectors for those at their places."""
        places = [(place, each) for place, each in enumerate(tokens) if isinstance(each, Vector)]

        def replace(_: Any, __: Any, embedded: Tensor) -> Tensor:
            embedded = embedded.clone()
            for place, each in places:
                vector = self.meanings[each.of].vectors[each.row]
                embedded[0, place] = vector.to(embedded.device, embedded.dtype)
            return embedded

        if not places:
            yield
            return
        with encoder.get_input_embeddings().register_forward_hook(replace):
            yield


def word_end(tokens: Sequence[tuple[Token, float]], place: int) -> int:
    """The last place up to `place` at which a text can be cut without cutting a word in two."""
    while place < len(tokens) and isinstance(each := tokens[place][0], Vector) and each.row:
        place -= 1
    return place
