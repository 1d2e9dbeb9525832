"""The same extractor, with a cache that may be damaged, read-only, shared with other workers, or not there at all."""

import json
import os

from cache_directory import store, usable_directory
from documents import MODEL, MODEL_SHA256, extract_text, sha256

HOME_CACHE = os.path.join(os.path.expanduser("~"), ".cache")


class Extractor:
    def __init__(self):
        self.cache = usable_directory(os.path.join(HOME_CACHE, "docstrange"))
        # For libraries that read it: they get a directory that was proven to work.
        os.environ["HF_HOME"] = usable_directory(os.path.join(HOME_CACHE, "huggingface"))
        self.model = json.loads(self._model())["name"]

    def _model(self):
        """Returns the model from the cache if its digest is right; otherwise makes it again."""
        path = os.path.join(self.cache, "models", "layout.json")
        content = _read(path)
        if content is None or sha256(content) != MODEL_SHA256:
            if content is not None:
                print(f"{path} is damaged: made again")
            content = MODEL
            store(path, content)
        return content

    def extract(self, document):
        digest = sha256(document)
        path = os.path.join(self.cache, "results", f"{digest}.json")
        answer = {"text": extract_text(document), "sha256": digest, "model": self.model}
        try:
            cached = json.loads(_read(path) or b"")
            # A cached result that is not about this document is no result.
            if isinstance(cached, dict) and cached.get("sha256") == digest and cached.keys() == answer.keys():
                return cached
        except ValueError:
            pass
        store(path, json.dumps(answer).encode())
        return answer


def _read(path):
    """Returns the content of a regular file, or None. Opening a FIFO would block for ever, so look before."""
    try:
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
