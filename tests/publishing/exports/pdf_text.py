"""The words on a PDF's pages, as a reader selects them: the drawn glyphs through each font's ToUnicode map.

Enough for what Typst writes (Type 0 fonts, two bytes a glyph, objects in compressed streams); other files fail loudly.
"""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"^(.*?)stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_REFERENCE = rb"(\d+) 0 R"
# A string may hold brackets of its own kind, in pairs; six deep is enough for two bytes a glyph.
_INNER = rb"(?:\\.|[^\\()])*"
for _ in range(6):
    _INNER = rb"(?:\\.|[^\\()]|\(" + _INNER + rb"\))*"
_TOKEN = re.compile(
    rb"\((" + _INNER + rb")\)|<<(.*?)>>|/([\w+.-]+)\s+[-\d.]+\s+Tf|<([0-9A-Fa-f\s]*)>|\b(ET)\b", re.DOTALL
)
_ACTUAL = re.compile(rb"/ActualText\s*(?:<([0-9A-Fa-f\s]*)>|\(((?:\\.|[^\\()])*)\))", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def page_words(written: bytes) -> str:
    """Return the words of all pages, in the order in which they are drawn."""
    objects = _objects(written)
    pages = [head for head, _ in objects.values() if re.search(rb"/Type\s*/Page\b", head)]
    assert pages, "no page was found"
    return "\n".join(_page(head, objects) for head in pages)


Objects = dict[int, tuple[bytes, bytes]]


def _objects(written: bytes) -> Objects:
    """Return each object's dictionary and, unpacked, its stream."""
    found: Objects = {}
    for match in _OBJECT.finditer(written):
        parts = _STREAM.match(match[2])
        head, stream = (parts[1], parts[2]) if parts else (match[2], b"")
        if stream and b"/FlateDecode" in head:
            stream = zlib.decompressobj().decompress(stream)
        found[int(match[1])] = (head, stream)
    for head, stream in list(found.values()):
        if re.search(rb"/Type\s*/ObjStm", head):
            first = int(re.search(rb"/First (\d+)", head)[1])  # type: ignore[index]
            numbers = [int(text) for text in stream[:first].split()]
            places = [*numbers[1::2], len(stream) - first]
            for number, start, end in zip(numbers[::2], places, places[1:], strict=False):
                found[number] = (stream[first + start : first + end], b"")
    return found


def _page(head: bytes, objects: Objects) -> str:
    resources = _inside(head, b"Resources", objects)
    fonts = {name: _letters(int(number), objects) for name, number in _named(_inside(resources, b"Font", objects))}
    contents = re.search(rb"/Contents\s*(?:\[([^\]]*)\]|(\d+ 0 R))", head)
    assert contents is not None
    parts = [int(number) for number in re.findall(_REFERENCE, contents[1] or contents[2])]
    forms = [int(number) for _, number in _named(_inside(resources, b"XObject", objects))]
    return "".join(_drawn(objects[number][1], fonts) for number in (*parts, *forms))


def _named(inside: bytes) -> list[tuple[bytes, bytes]]:
    return re.findall(rb"/([\w+.-]+)\s+" + _REFERENCE, inside)


def _inside(head: bytes, name: bytes, objects: Objects) -> bytes:
    """Return the dictionary under a name, whether it stands there or elsewhere; empty where there is none."""
    found = re.search(rb"/" + name + rb"\s*(?:" + _REFERENCE + rb"|(<<))", head)
    if found is None:
        return b""
    if found[1]:
        return objects[int(found[1])][0]
    depth, place = 1, found.end()
    while depth:
        mark = re.compile(rb"<<|>>").search(head, place)
        assert mark is not None
        depth += 1 if mark[0] == b"<<" else -1
        place = mark.end()
    return head[found.end() : place - 2]


def _letters(number: int, objects: Objects) -> dict[int, str]:
    found = re.search(rb"/ToUnicode\s+" + _REFERENCE, objects[number][0])
    assert found is not None, "a font without ToUnicode: its words could not be read"
    cmap = objects[int(found[1])][1]
    letters: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", block):
            letters[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for low, high, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            first = int(text, 16)
            for code in range(int(low, 16), int(high, 16) + 1):
                letters[code] = chr(first + code - int(low, 16))
    return letters


def _drawn(stream: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    out: list[str] = []
    letters: dict[int, str] = {}
    for found in _TOKEN.finditer(stream):
        literal, properties, font, hexadecimal, _ = found.groups()
        if properties is not None:
            # What is read aloud in place of the glyphs.
            out += [_string(*told) for told in _ACTUAL.findall(properties)]
        elif font is not None:
            letters = fonts[font]
        elif hexadecimal is not None or literal is not None:
            raw = _raw(hexadecimal or b"", literal or b"")
            codes = [int.from_bytes(raw[place : place + 2]) for place in range(0, len(raw) - 1, 2)]
            out += [letters.get(code, "\ufffd") for code in codes]
        else:
            out.append("\n")
    return "".join(out)


def _raw(hexadecimal: bytes, literal: bytes) -> bytes:
    return bytes.fromhex(hexadecimal.decode()) if hexadecimal else _ESCAPED.sub(_unescaped, literal)


def _string(hexadecimal: bytes, literal: bytes) -> str:
    raw = _raw(hexadecimal, literal)
    return raw[2:].decode("utf-16-be") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")


def _unescaped(found: "re.Match[bytes]") -> bytes:
    sign = found[1]
    if sign[:1].isdigit():
        return bytes([int(sign, 8)])
    return b"" if sign.endswith(b"\n") else _PLAIN.get(sign, sign)
