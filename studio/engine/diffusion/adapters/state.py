"""What is laid over a loaded model: LoRAs in its weights, words of a person's own in its texts."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

from studio.core.request import Lora
from studio.engine.diffusion.adapters.embeddings import Embedding, read_embedding
from studio.engine.diffusion.adapters.lora import read_lora
from studio.engine.diffusion.adapters.merge import MergedLoras
from studio.engine.diffusion.adapters.names import DENOISER, ENCODERS
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.families.denoiser import Denoiser
from studio.engine.diffusion.text.words import OwnWord, Words


class Adapters:
    """Changes a model as a request wants it; what is as wanted already is left alone.

    `guard` can stop it, and then nothing is laid over the model.
    """

    def __init__(self, denoiser: Denoiser, guard: CancelGuard) -> None:
        self._texts = denoiser.texts
        self._guard = guard
        encoders = zip(ENCODERS, (text.encoder for text in self._texts), strict=False)
        self._merged = MergedLoras({DENOISER: denoiser.network, **dict(encoders)})
        self._loras: tuple[Hashable, ...] = ()
        self._words: tuple[Hashable, ...] = ()
        self.lora_digests: Mapping[str, str] = {}
        self.embedding_digests: Mapping[str, str] = {}

    @property
    def state(self) -> Hashable:
        """Differs wherever pictures would."""
        words = tuple(self.embedding_digests.items())
        return tuple(self._merged.states.items()), words

    @property
    def notes(self) -> Sequence[str]:
        """Sentences for the person about what does not wholly fit."""
        return self._merged.notes

    @property
    def kept(self) -> int:
        """Bytes of weights that LoRAs have replaced."""
        return self._merged.kept

    def use(self, loras: Sequence[Lora], embeddings: Sequence[Path]) -> None:
        """Have these, and no others. Raises UserError where they cannot be, and Cancelled.

        Files that have changed on disk are read again. Not for inference mode.
        """
        self._use_loras([lora for lora in loras if lora.weight])
        self._use_words(embeddings)

    def _use_loras(self, loras: Sequence[Lora]) -> None:
        wanted = tuple((lora, _stamp(lora.file)) for lora in loras)
        if wanted == self._loras:
            return
        self._loras, self.lora_digests = (), {}
        self._merged.take_out()
        try:
            read = [(read_lora(lora.file, self._guard.check), lora.weight) for lora in loras]
            self._merged.put(read, self._guard.check)
        finally:
            for name, text in zip(ENCODERS, self._texts, strict=False):
                text.state = self._merged.states.get(name, ())
        self._loras, self.lora_digests = wanted, {lora.name: lora.digest for lora, _ in read}

    def _use_words(self, files: Sequence[Path]) -> None:
        wanted = tuple((file, _stamp(file)) for file in files)
        if wanted == self._words:
            return
        read = [read_embedding(file, self._guard.check) for file in files]
        meanings = [self._meanings(each) for each in read]
        for index, text in enumerate(self._texts):
            text.words = Words(
                {each.name: own[index] for each, own in zip(read, meanings, strict=True)}
            )
        self._words, self.embedding_digests = wanted, {each.name: each.digest for each in read}

    def _meanings(self, embedding: Embedding) -> list[OwnWord]:
        room = min((text.window for text in self._texts), default=0) - 2
        return embedding.meanings([text.features for text in self._texts], room)


def _stamp(file: Path) -> tuple[int, int] | None:
    """Tells whether a file is still the same; None where it is missing."""
    if not file.is_file():
        return None
    status = file.stat()
    return status.st_size, status.st_mtime_ns
