"""Who signs what the command line writes: whoever signs what the window exports."""

from studio.storage.paths import AppPaths
from studio.storage.settings import load_settings
from studio.storage.signer import Signer, signer_of


def own_signer() -> Signer | None:
    """As the settings say; None if nobody does. Raises UserError where signing is not possible."""
    return signer_of(load_settings(AppPaths.for_user().settings).options)
