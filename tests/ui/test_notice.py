"""The sentences over the canvas."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from studio.app.places import ICONS
from studio.ui import notice as module
from studio.ui.icons import Icons
from studio.ui.notice import Notice


@pytest.fixture
def notice(qapp) -> Iterator[Notice]:
    host = QWidget()
    host.resize(600, 400)
    yield Notice(host, Icons(ICONS))
    host.close()


def test_a_sentence_stays_while_nobody_can_have_read_it(notice, monkeypatch):
    for words in ("one", "two", "two", "three\n3", "four"):
        notice.say(words)
    assert notice.words == "two\nthree\n3\nfour"
    monkeypatch.setattr(module, "_TO_READ", -1000)  # timers are 5 % off
    notice.say("five")
    assert notice.words == "five"


def test_closing_it_takes_all_sentences_away(notice):
    notice.say("one")
    notice.say("two")
    notice.findChild(QToolButton).click()
    notice.say("three")
    assert notice.words == "three"


def test_a_name_that_looks_like_html_is_shown_as_it_is(notice):
    heights = []
    for words in ("'a' is not a picture.", "'<br><br><br>' is not a picture."):
        notice.say(words)
        heights.append(notice.findChild(QLabel).heightForWidth(500))
        notice.findChild(QToolButton).click()
    assert heights[0] == heights[1]
