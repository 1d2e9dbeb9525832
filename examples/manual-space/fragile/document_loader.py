"""Reads documents, and keeps what was read. The cache directory is made at import, as in the incident."""

import hashlib
import os

OCR_CACHE_DIR = os.getenv("OCR_CACHE_DIR", "/data/manual_store/ocr_cache")
os.makedirs(OCR_CACHE_DIR, exist_ok=True)
_probe = os.path.join(OCR_CACHE_DIR, ".write_test")
with open(_probe, "w") as _file:
    _file.write("test")
os.remove(_probe)


def load(document):
    """Returns the text of a document, from the cache if it was read before."""
    path = os.path.join(OCR_CACHE_DIR, hashlib.sha256(document).hexdigest() + ".txt")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    text = document.decode("utf-8", "replace")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return text
