"""Text that the PDF's fonts can show: a PDF/A must not have a hole where a letter should be."""

from functools import lru_cache
from itertools import pairwise

# What the fonts inside typst (Libertinus Serif, DejaVu Sans Mono) have, marks that need a letter before them and
# marks that turn the direction of text left out.
_SHOWN = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x2FF),
    (0x370, 0x377),
    (0x37A, 0x37F),
    (0x384, 0x38A),
    (0x38E, 0x3A1),
    (0x3A3, 0x482),
    (0x48A, 0x4FF),
    (0x5D0, 0x5EA),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x2040),
    (0x2044, 0x2052),
    (0x2054, 0x205E),
    (0x2070, 0x2071),
    (0x2074, 0x208E),
    (0x20A0, 0x20C0),
    (0x2190, 0x23FF),
    (0x2500, 0x25FF),
)
_RUN = 20  # letters after which a word without a gap may go on in the next line
_BREAK = "\u200b"
_MOST = 600  # characters of one text


@lru_cache(maxsize=4_096)
def _shows(char: str) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last in _SHOWN)


def printable(text: str) -> str:
    """The text with what cannot be shown as `\\u{1F680}`, white space as single spaces, long words breakable."""
    shown = "".join(
        char if _shows(char) else f"\\u{{{ord(char):X}}}" for char in " ".join(text.split())
    )
    if len(shown) > _MOST:
        shown = shown[: _MOST - 1] + "…"
    return " ".join(map(_breakable, shown.split(" ")))


def _breakable(word: str) -> str:
    if len(word) <= _RUN + 4:
        return word
    ends = [*range(0, len(word), _RUN), len(word)]
    return _BREAK.join(word[first:last] for first, last in pairwise(ends))
