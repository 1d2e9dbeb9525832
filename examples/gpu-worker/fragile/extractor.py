"""The extractor as the incident describes it: it expects directories that it can make and write."""

import json
from pathlib import Path

from documents import MODEL, extract_text, sha256

CACHE = Path.home() / ".cache" / "docstrange"
HUGGINGFACE = Path.home() / ".cache" / "huggingface"


class Extractor:
    def __init__(self):
        for directory in (CACHE, HUGGINGFACE):
            directory.mkdir(parents=True, exist_ok=True)
            probe = directory / ".write_test"
            probe.write_text("test")
            probe.unlink()
        model = CACHE / "models" / "layout.json"
        if not model.exists():
            model.parent.mkdir(exist_ok=True)
            model.write_bytes(MODEL)
        self.model = json.loads(model.read_bytes())["name"]

    def extract(self, document):
        digest = sha256(document)
        result = CACHE / "results" / f"{digest}.json"
        if result.exists():
            return json.loads(result.read_bytes())
        answer = {"text": extract_text(document), "sha256": digest, "model": self.model}
        result.parent.mkdir(exist_ok=True)
        result.write_text(json.dumps(answer))
        return answer
