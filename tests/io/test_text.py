from __future__ import annotations

import json
import sys
import unicodedata

from spotitags.io.text import escape_controls


def test_json_shows_no_character_that_steers_turns_or_hides() -> None:
    hidden = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]
    shown = escape_controls(json.dumps(hidden, ensure_ascii=False))
    assert not set(hidden).intersection(shown)
    assert json.loads(shown) == hidden
