"""Finds the paragraph that has most words in common with a question. A stand-in for the language model."""

import re


def _words(text):
    return {word for word in re.findall(r"[a-z]{3,}", text.lower())}


def best_answer(question, texts):
    """Returns the best paragraph of all texts and the name of its manual; both None when nothing fits."""
    wanted = _words(question)
    best = {"answer": None, "manual": None}
    score = 0
    for name, text in texts.items():
        for paragraph in re.split(r"\n\s*\n", text):
            common = len(wanted & _words(paragraph))
            if common > score:
                best, score = {"answer": paragraph.strip(), "manual": name}, common
    return best
