"""The incident's attempt to heal: choose another cache directory before the server starts.

It heals nothing. os.environ is this process's copy, and the server is another process.
"""

import os

cache = os.environ.get("OCR_CACHE_DIR", "/data/manual_store/ocr_cache")
if os.path.lexists(cache) and not os.access(cache, os.W_OK):
    os.environ["OCR_CACHE_DIR"] = "/tmp/ocr_cache"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
print("start-up checks done, OCR cache:", os.environ.get("OCR_CACHE_DIR", cache), flush=True)
