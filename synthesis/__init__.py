"""Text that no source contains: seeds from the graph, generators, and checks of every claim."""

from synthesis.accept import Judge, Verdict
from synthesis.grammar import GrammarGenerator
from synthesis.seeds import Lexicon, Seed
from synthesis.tasks import TASKS, Draft, TaskKind
from synthesis.write import Order, Writer

__all__ = [
    "TASKS",
    "Draft",
    "GrammarGenerator",
    "Judge",
    "Lexicon",
    "Order",
    "Seed",
    "TaskKind",
    "Verdict",
    "Writer",
]
