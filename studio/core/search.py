"""Finding a thing by a few typed letters."""

from collections.abc import Sequence


def found(query: str, texts: Sequence[str]) -> list[int]:
    """The places of those of `texts` that `query` may mean, best first; case plays no part.

    Every word of it must be in the text. Better are texts where the words begin words, and
    shorter ones. Where there is none, the letters of the words in their order are enough. An
    empty query means everything, as it stands.
    """
    words = query.casefold().split()
    if not words:
        return list(range(len(texts)))
    ranks = sorted((_rank(words, text.casefold()), index) for index, text in enumerate(texts))
    good = [index for rank, index in ranks if rank[0] < _SCATTERED]
    return good or [index for rank, index in ranks if rank[0] == _SCATTERED]


_SCATTERED, _NOT_AT_ALL = 2, 3
_Rank = tuple[int, int]


def _rank(words: list[str], text: str) -> _Rank:
    """How badly the words fit; of equal ones the shorter text is the better."""
    return max(_misfit(word, text) for word in words), len(text)


def _misfit(word: str, text: str) -> int:
    if any(part.startswith(word) for part in text.split()):
        return 0
    if word in text:
        return 1
    letters = iter(text)
    return _SCATTERED if all(letter in letters for letter in word) else _NOT_AT_ALL
