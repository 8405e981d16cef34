"""Compound files (MS-CFB) as small as they come, and Outlook messages (MS-OXMSG) in them."""

import struct
from collections.abc import Mapping
from typing import Any

Tree = dict[str, "bytes | Tree"]

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_TEXT, _BINARY, _LONG, _TIME = 0x001F, 0x0102, 0x0003, 0x0040
SUBJECT, BODY, SENDER, SENT = 0x0037, 0x1000, 0x0C1A, 0x0039
FILE_NAME, DATA, METHOD = 0x3707, 0x3701, 0x3705


def compound_file(tree: Tree) -> bytes:
    """Return the file that holds the streams and storages of the tree."""
    mini = b""
    mini_fat: list[int] = []
    body: list[bytes] = []
    fat: list[int] = []
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "type": 5}]

    def chained(data: bytes, table: list[int], size: int) -> int:
        count = -(-len(data) // size)
        start = len(table)
        table.extend([*range(start + 1, start + count), _END] if count else [])
        return start if count else _END

    def in_sectors(data: bytes) -> int:
        start = chained(data, fat, _SECTOR)
        body.append(data + b"\0" * (-len(data) % _SECTOR))
        return start

    def add(children: Tree, parent: int) -> None:
        nonlocal mini
        before = None
        for name, content in children.items():
            number = len(entries)
            entry: dict[str, Any] = {"name": name, "type": 1}
            entries.append(entry)
            if before is None:
                entries[parent]["child"] = number
            else:
                entries[before]["right"] = number
            before = number
            if isinstance(content, dict):
                add(content, number)
                continue
            entry |= {"type": 2, "size": len(content)}
            if len(content) < _CUTOFF:
                entry["start"] = chained(content, mini_fat, _MINI)
                mini += content + b"\0" * (-len(content) % _MINI)
            else:
                entry["start"] = in_sectors(content)

    add(tree, 0)
    entries[0] |= {"start": in_sectors(mini), "size": len(mini)}
    mini_start = in_sectors(struct.pack(f"<{len(mini_fat)}I", *mini_fat))
    folder = b"".join(map(_entry, entries))
    folder_start = in_sectors(folder + _entry({}) * (-len(entries) % 4))
    fat_count = next(n for n in range(1, 110) if n * 128 >= len(fat) + n)
    fat_start = len(fat)
    fat += [_FAT] * fat_count
    fat += [_FREE] * (fat_count * 128 - len(fat))
    header = struct.pack(
        "<8s16x5H6x9I109I",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6),
        *(0, fat_count, folder_start, 0, _CUTOFF),
        *(mini_start, max(-(-len(mini_fat) * 4 // _SECTOR), 0), _END, 0),
        *([*range(fat_start, fat_start + fat_count)] + [_FREE] * (109 - fat_count)),
    )
    return header + b"".join(body) + struct.pack(f"<{len(fat)}I", *fat)


def _entry(entry: dict[str, Any]) -> bytes:
    name = (entry["name"] + "\0").encode("utf-16-le") if entry else b""
    return struct.pack(
        "<64sHBB3I16x4x16xIII",
        *(name, len(name), entry.get("type", 0), 1),
        *(_FREE, entry.get("right", _FREE), entry.get("child", _FREE)),
        *(entry.get("start", 0), entry.get("size", 0), 0),
    )


def message(
    values: Mapping[int, str | bytes | int], *attached: Tree, is_inner: bool = False
) -> Tree:
    """Return the storage of a message; `SENT` is a FILETIME."""
    header = struct.pack("<8x4I" if is_inner else "<8x4I8x", 0, len(attached), 0, len(attached))
    storages: Tree = {f"__attach_version1.0_#{n:08X}": one for n, one in enumerate(attached)}
    return {**_properties(header, values), **storages}


def attachment(name: str, content: bytes | Tree) -> Tree:
    """Return the storage of an attached file, or of an attached message."""
    if isinstance(content, bytes):
        return _properties(b"\0" * 8, {FILE_NAME: name, DATA: content, METHOD: 1})
    inner: Tree = {f"__substg1.0_{DATA:04X}000D": content}
    return {**_properties(b"\0" * 8, {FILE_NAME: name, METHOD: 5}), **inner}


def _properties(header: bytes, values: Mapping[int, str | bytes | int]) -> Tree:
    streams: Tree = {}
    rows = b""
    for number, value in values.items():
        if isinstance(value, int):
            kind = _TIME if number == SENT else _LONG
            rows += struct.pack("<HHIQ", kind, number, 6, value)
            continue
        kind = _TEXT if isinstance(value, str) else _BINARY
        content = value.encode("utf-16-le") if isinstance(value, str) else value
        rows += struct.pack("<HHIII", kind, number, 6, len(content) + 2 * (kind == _TEXT), 0)
        streams[f"__substg1.0_{number:04X}{kind:04X}"] = content
    return {"__properties_version1.0": header + rows, **streams}
