"""Reads documents, and keeps what was read, in a cache that may be damaged, not ours, or not there at all."""

import hashlib
import json
import os
import tempfile
import uuid

ATTEMPTS = 10


def _usable_directory(path):
    """Returns `path` if it is, or can be made, a directory that this process can write; a new temporary one otherwise."""
    try:
        _make_directory(path)
        handle, probe = tempfile.mkstemp(prefix=".write-test-", dir=path)
        os.close(handle)
        os.unlink(probe)
        return path
    except OSError as error:
        other = tempfile.mkdtemp(prefix="ocr-cache-")
        print(f"cannot use {path} ({error}): using {other} until the next start", flush=True)
        return other


def _make_directory(path):
    for _ in range(ATTEMPTS):
        try:
            os.makedirs(path, exist_ok=True)
            return
        except FileExistsError:
            _clear_name(path)
    raise FileExistsError(f"{path} keeps coming back as something else than a directory")


def _clear_name(path):
    """Frees a name in the cache that is taken by anything but a directory.

    unlink() never follows a link and refuses directories, so a good directory that a replica has just made here stays.
    Nothing but the cache is touched: its content may be thrown away, and the uploads are elsewhere.
    """
    try:
        os.unlink(path)
        print(f"removed {path}: a directory belongs there", flush=True)
    except (FileNotFoundError, IsADirectoryError):
        pass  # A replica was faster.


OCR_CACHE_DIR = _usable_directory(os.getenv("OCR_CACHE_DIR", "/data/manual_store/ocr_cache"))


def load(document):
    """Returns the text of a document, from the cache if what is there is whole."""
    digest = hashlib.sha256(document).hexdigest()
    path = os.path.join(OCR_CACHE_DIR, f"{digest}.json")
    try:
        # Opening a FIFO would block for ever, so look before.
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                cached = json.load(file)
            if cached["sha256"] == digest and isinstance(cached["text"], str):
                return cached["text"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # Damaged: read again.
    text = document.decode("utf-8", "replace")
    _keep(path, {"sha256": digest, "text": text})
    return text


def _keep(path, value):
    """Writes a file that is either whole or not there; a cache that cannot be written costs time, not the service."""
    fresh = f"{path}.{uuid.uuid4().hex}.tmp"
    try:
        with open(fresh, "x", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(fresh, path)
    except OSError as error:
        print(f"cannot keep {path}: {error}", flush=True)
