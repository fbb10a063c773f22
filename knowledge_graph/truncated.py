"""Synonyms that are scraps of names. Exports cut inverted names at their commas: `Blood`, `Congenital`, `Type II`."""

from collections import Counter
from collections.abc import Iterable

from knowledge_graph.fold import fold_all
from knowledge_graph.spelling import canonical

SEEN = 5
"""Names that a word stands in before the graph says whether it is a head."""
HEADS = 0.1
"""Share of these that end with it, from which on it is a head: the noun that says what is named."""
LONGEST = 3
"""Words of a scrap."""
NOUNS = frozenset(("diabetes", "herpes"))
"""Heads that names hardly ever end with."""


class Heads:
    """Which words of a graph's names are heads (disease, carcinoma) and which are only modifiers (chronic, renal).

    Learned from the nodes' first English names. A word never written small is a person's name, and stands for the
    disease it begins (Alzheimer).
    """

    def __init__(self, names: Iterable[str]):
        names = [name for name in names if name]
        inside: Counter[str] = Counter()
        final: Counter[str] = Counter()
        small: set[str] = set()
        for name, form in zip(names, fold_all(names), strict=True):
            words = _words(form)
            inside.update(set(words))
            final.update(words[-1:])
            small.update(word for word in name.split() if word[:1].islower())
        small = {word for form in fold_all(sorted(small)) for word in _words(form)}
        self._modifiers = {
            word
            for word, count in inside.items()
            if count >= SEEN and final[word] < HEADS * count and word in small and word not in map(canonical, NOUNS)
        }

    def lacks(self, form: str) -> bool:
        """Whether a folded Latin name of up to three words has no word that could be its head."""
        words = _words(form)
        return 0 < len(words) <= LONGEST and all(word in self._modifiers for word in words)


def _words(form: str) -> list[str]:
    return [canonical(word) for word in form.replace(",", " ").split()]
