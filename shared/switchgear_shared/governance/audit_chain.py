"""The arithmetic of the audit trail: hash chain, Merkle frontier (RFC 6962), checkpoints."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from switchgear_shared.governance.digests import canonical

GENESIS = "0" * 64
_DOMAIN = b"switchgear-audit-v1\0"
_ORIGIN = "switchgear audit checkpoint v1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def row_hash(tenant: str, seq: int, time: datetime, previous: str, body: str) -> str:
    """Return the hash that ties a row to its place, its moment and the row before it."""
    chain = tenant.encode()
    hashed = hashlib.sha256(_DOMAIN)
    hashed.update(len(chain).to_bytes(4, "big"))
    hashed.update(seq.to_bytes(8, "big"))
    hashed.update(((time - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True))
    hashed.update(chain)
    hashed.update(bytes.fromhex(previous))
    hashed.update(body.encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


@dataclass(slots=True)
class Frontier:
    """The roots of the complete subtrees over the first `size` row hashes, largest first."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list[bytes])

    @classmethod
    def of(cls, size: int, roots: Sequence[str]) -> Frontier:
        """Return the frontier as kept in a head row."""
        return cls(size, [bytes.fromhex(root) for root in roots])

    def add(self, row: str) -> None:
        """Append the hash of the next row."""
        node = hashlib.sha256(b"\x00" + bytes.fromhex(row)).digest()
        filled = self.size
        while filled & 1:
            node = _parent(self.roots.pop(), node)
            filled >>= 1
        self.roots.append(node)
        self.size += 1

    def root(self) -> str:
        """Return the Merkle tree hash over all rows."""
        if not self.roots:
            return hashlib.sha256(b"").hexdigest()
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = _parent(left, node)
        return node.hex()

    def to_hex(self) -> list[str]:
        """Return the roots as kept in a head row."""
        return [root.hex() for root in self.roots]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement of how a tenant's chain stood, signed; one line of the exported file."""

    tenant: str
    size: int
    root: str
    head: str
    time: str
    signature: str = ""

    def signed(self, key: Ed25519PrivateKey) -> Checkpoint:
        """Return this statement with its signature."""
        signature = b64encode(key.sign(self._statement())).decode()
        return Checkpoint(self.tenant, self.size, self.root, self.head, self.time, signature)

    def holds(self, key: Ed25519PublicKey) -> bool:
        """Say whether the signature is the key's."""
        try:
            key.verify(b64decode(self.signature), self._statement())
        except (InvalidSignature, ValueError):
            return False
        return True

    def to_line(self) -> str:
        """Return the checkpoint as one line of JSON, without the line's end."""
        return canonical(
            {
                "tenant": self.tenant,
                "size": self.size,
                "root": self.root,
                "head": self.head,
                "time": self.time,
                "signature": self.signature,
            }
        ).decode()

    @classmethod
    def from_line(cls, line: str) -> Checkpoint:
        """Read what `to_line` wrote; raises ValueError for anything else."""
        try:
            read: dict[str, Any] = orjson.loads(line)
            return cls(
                tenant=str(read["tenant"]),
                size=int(read["size"]),
                root=str(read["root"]),
                head=str(read["head"]),
                time=str(read["time"]),
                signature=str(read["signature"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a checkpoint") from error

    def _statement(self) -> bytes:
        lines = (_ORIGIN, self.tenant, str(self.size), self.root, self.head, self.time)
        return canonical(lines)


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
