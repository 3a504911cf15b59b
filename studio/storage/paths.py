"""Where the app keeps its things on this machine."""

from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs


@dataclass(frozen=True, slots=True)
class AppPaths:
    """The app's folders; none of them need exist. Whoever writes a file makes its folder."""

    data: Path
    config: Path
    cache: Path

    @classmethod
    def for_user(cls) -> "AppPaths":
        """The folders the platform sets aside (on Linux the XDG ones). Makes nothing on disk."""
        dirs = PlatformDirs("underpaint", appauthor=False)
        return cls(dirs.user_data_path, dirs.user_config_path, dirs.user_cache_path)

    @property
    def library(self) -> Path:
        """The folder of finished pictures, and of the database that lists them."""
        return self.data / "library"

    @property
    def recovery(self) -> Path:
        """The folder of what a crash must not take: journals of open paintings."""
        return self.data / "recovery"

    @property
    def models(self) -> Path:
        """The folder a person puts models into."""
        return self.data / "models"

    @property
    def upscalers(self) -> Path:
        """The folder a person puts upscalers into."""
        return self.data / "upscalers"

    @property
    def loras(self) -> Path:
        """The folder a person puts LoRAs into."""
        return self.data / "loras"

    @property
    def embeddings(self) -> Path:
        """The folder a person puts textual inversions into."""
        return self.data / "embeddings"

    @property
    def vaes(self) -> Path:
        """The folder a person puts VAEs into that may take the place of a model's own."""
        return self.data / "vae"

    @property
    def brushes(self) -> Path:
        """The file of a person's own brushes."""
        return self.config / "brushes.toml"

    @property
    def settings(self) -> Path:
        """The file that remembers the settings."""
        return self.config / "settings.json"

    @property
    def log(self) -> Path:
        """The log file; rotated ones lie beside it."""
        return self.data / "logs" / "underpaint.log"

    @property
    def lock(self) -> Path:
        """Held while the app runs, so that two of them do not share one library."""
        return self.data / "underpaint.lock"
