"""The private keys of an installation: files of mode 0600 that all its processes agree on."""

import os
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from joserfc.jwk import ECKey


class Keys:
    """The ES256 key that signs tokens, made on first use in `<data>/keys/signing.pem`."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "keys" / "signing.pem"

    @cached_property
    def signing(self) -> ECKey:
        """The private key; its `kid` is the RFC 7638 thumbprint."""
        pem = _read_or_create(self._path, _new_signing_key)
        key = ECKey.import_key(pem, {"alg": "ES256", "use": "sig"})
        key.ensure_kid()
        return key

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWK set, for others to verify tokens with."""
        return {"keys": [self.signing.as_dict(private=False)]}


class CheckpointKey:
    """The Ed25519 key that signs audit checkpoints, made on first use in `<data>/keys/audit.pem`.

    The public half is written to `<data>/audit/checkpoints.pub`: keep a copy elsewhere, since
    whoever can write both database and private key can rewrite history up to the copies.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "keys" / "audit.pem"
        self._public_path = data_dir / "audit" / "checkpoints.pub"

    @cached_property
    def private(self) -> Ed25519PrivateKey:
        """The signing half."""
        pem = _read_or_create(self._path, _new_checkpoint_key)
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{self._path} does not hold an Ed25519 key")
        self._export(key.public_key())
        return key

    @property
    def public(self) -> Ed25519PublicKey:
        """The half that verifies."""
        return self.private.public_key()

    def _export(self, key: Ed25519PublicKey) -> None:
        self._public_path.parent.mkdir(parents=True, exist_ok=True)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if not self._public_path.exists():
            self._public_path.write_bytes(pem)


def load_checkpoint_public_key(path: Path) -> Ed25519PublicKey:
    """Return the public key kept in a PEM file."""
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError(f"{path} does not hold an Ed25519 public key")
    return key


def _new_signing_key() -> bytes:
    return ECKey.generate_key("P-256", auto_kid=False).as_pem(private=True)


def _new_checkpoint_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the file's bytes; of several processes that find none, one file wins for all."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
    return path.read_bytes()
