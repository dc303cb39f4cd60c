# SPDX-License-Identifier: Apache-2.0
"""The order of versions, UAPI.10, which systemd-boot sorts entries by."""

import re

_IGNORED = re.compile(r"[^A-Za-z0-9~.^-]+")
_PIECE = re.compile(r"[~.^-]|[A-Za-z]+|[0-9]+")
#: Lowest first; the end of the string lies between "~" and "-".
_TILDE, _END, _HYPHEN, _CARET, _DOT, _LETTERS, _DIGITS = range(7)
_SEPARATORS = {"~": _TILDE, "-": _HYPHEN, "^": _CARET, ".": _DOT}


def version_key(version: str) -> tuple:
    """Compares as the versions do."""
    pieces = []
    for piece in _PIECE.findall(_IGNORED.sub("", version)):
        if piece in _SEPARATORS:
            pieces.append((_SEPARATORS[piece], 0, ""))
        elif piece.isdigit():
            pieces.append((_DIGITS, int(piece), ""))
        else:
            pieces.append((_LETTERS, 0, piece))
    return (*pieces, (_END, 0, ""))
