"""Which keys mean which action, and how a person changes that."""

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QKeySequence

from studio.core.signal import Signal
from studio.ui.actions import ACTIONS, ActionId, Actions

Keys = tuple[str, ...]
"""Alternatives, each as QKeySequence writes it portably: "Ctrl+Shift+Z"."""


class Keymap:
    """Puts keys on the actions; `changed` after a person gave one others than the table says."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._usual: dict[ActionId, Keys] = {spec.id: spec.keys for spec in ACTIONS}
        self._own: dict[ActionId, Keys] = {}
        self.changed: Signal[None] = Signal()

    @property
    def own(self) -> Mapping[str, Keys]:
        """What the person changed, by action; to be given to `restore` another time."""
        return {str(action): keys for action, keys in self._own.items()}

    def restore(self, own: Mapping[str, Sequence[str]]) -> None:
        """Take over what `own` says; unknown actions and keys in it are passed over."""
        for action in self._usual:
            if action in own:
                self._put(action, tuple(keys for keys in own[action] if _portable(keys)))

    def keys(self, action: ActionId) -> Keys:
        """The keys of an action."""
        return self._own.get(action, self._usual[action])

    def owner(self, keys: str) -> ActionId | None:
        """The action that these keys mean now."""
        wanted = _portable(keys)
        for action in self._usual:
            if wanted and wanted in map(_portable, self.keys(action)):
                return action
        return None

    def assign(self, action: ActionId, keys: str) -> None:
        """Give an action these keys alone, and take them from another; "" leaves it without."""
        before = self.owner(keys)
        if before is not None and before != action:
            left = (each for each in self.keys(before) if _portable(each) != _portable(keys))
            self._put(before, tuple(left))
        self._put(action, (_portable(keys),) if keys else ())
        self.changed.emit(None)

    def reset(self) -> None:
        """Back to the keys of the table."""
        for action in list(self._own):
            self._put(action, self._usual[action])
        self.changed.emit(None)

    def _put(self, action: ActionId, keys: Keys) -> None:
        if keys == self._usual[action]:
            self._own.pop(action, None)
        else:
            self._own[action] = keys
        self._actions[action].setShortcuts([QKeySequence(each) for each in keys])
        text = self._actions[action].text()
        hint = f" ({keys[0].replace('Return', 'Enter')})" if keys else ""
        self._actions[action].setToolTip(f"{text}{hint}")


def _portable(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
