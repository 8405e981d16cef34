"""Whose payloads were erased, signed: who can write to the database alone cannot say it."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from switchgear_shared.governance.digests import canonical


@dataclass(frozen=True, slots=True)
class Erasure:
    """A statement of which rows of a tenant's chain lost their payloads, when, and for what."""

    tenant: str
    correlation_id: str
    time: datetime
    rows: Sequence[int]

    def to_detail(self, key: Ed25519PrivateKey) -> dict[str, Any]:
        """Return the detail of the row that says it, with the key's signature."""
        signature = b64encode(key.sign(self._statement())).decode()
        return {"rows": list(self.rows), "signature": signature}

    def holds(self, key: Ed25519PublicKey, signature: str) -> bool:
        """Say whether the signature is the key's."""
        try:
            key.verify(b64decode(signature), self._statement())
        except (InvalidSignature, ValueError):
            return False
        return True

    def _statement(self) -> bytes:
        return canonical(
            {
                "statement": "switchgear audit erasure",
                "tenant": self.tenant,
                "correlation_id": self.correlation_id,
                "time": self.time.isoformat(),
                "rows": list(self.rows),
            }
        )


def erased_rows(
    key: Ed25519PublicKey, body: Mapping[str, Any], payload: Mapping[str, Any]
) -> set[int]:
    """Return the rows that the row of an erasure names: none where it is not signed by the key.

    Raises:
        ValueError: it is no such row.
    """
    try:
        said = payload["detail"]
        time = datetime.fromisoformat(body["time"])
        erasure = Erasure(body["tenant"], body["correlation_id"], time, said["rows"])
        return set(said["rows"]) if erasure.holds(key, str(said.get("signature", ""))) else set()
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an erasure") from error
