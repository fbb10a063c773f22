"""The stage of the published quality rules."""

import json
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator

from classifiers.rules import CODE, Measures, code_measures, load_rules
from datagen.record import with_column
from datagen.stage import Outcome, RowStage

SCORES, FAILED = "heuristics", "heuristics_failed"
Limits = dict[str, tuple[float | None, float | None]]


class Heuristics(RowStage):
    """Measures every text by the published quality rules: Gopher's quality and repetition rules, C4's, FineWeb's with
    FineWeb-2's limits for Chinese; code (records that name their `programming_language`) by The Stack's.

    Each rule has its score in `heuristics`; the names of the rules whose limits for the record's language a text breaks
    are in `heuristics_failed`. Texts in other languages are measured as English is, but only limits given for their
    language decide. With `action: drop` the first rule broken is the reason.
    """

    version: ClassVar[str] = "2"
    reads: ClassVar[tuple[str, ...]] = ("text", "language", "meta")
    adds: ClassVar[tuple[pa.Field, ...]] = (
        pa.field(SCORES, pa.struct([(name, pa.float32()) for name in load_rules().names])),
        pa.field(FAILED, pa.list_(pa.string())),
    )

    action: Literal["annotate", "drop"] = Field("annotate", description="drop removes texts that break a rule")
    families: tuple[Literal["gopher", "repetition", "c4", "fineweb", "code"], ...] = Field(
        ("gopher", "repetition", "c4", "fineweb", "code"), description="the rules that decide; all are measured"
    )
    limits: dict[str, Limits] = Field(
        {}, description="language (or code) -> rule -> [least, most], in place of the published limits"
    )

    _measures: dict[str, Measures] = PrivateAttr(default_factory=dict)

    @field_validator("limits")
    @classmethod
    def _known(cls, limits: dict[str, Limits]) -> dict[str, Limits]:
        if unknown := {name for own in limits.values() for name in own} - set(load_rules().names):
            raise ValueError(f"no rule is named {min(unknown)}; there are {', '.join(load_rules().names)}")
        return limits

    def apply(self, batch: pa.Table) -> Outcome:
        rows = zip(*(batch[name].to_pylist() for name in ("id", "text", "language", "meta")), strict=True)
        scores, failed, dropped = [], [], {}
        for identity, text, language, meta in rows:
            kind = CODE if _is_code(meta) else language or "und"
            scores.append(self._measure(kind, text))
            failed.append(self._failed(kind, scores[-1]))
            if failed[-1] and self.action == "drop":
                dropped[identity] = failed[-1][0]
        fields = {field.name: field.type for field in self.adds}
        out = with_column(batch, SCORES, pa.array(scores, fields[SCORES]))
        return Outcome(with_column(out, FAILED, pa.array(failed, fields[FAILED])), dropped=dropped)

    def _measure(self, kind: str, text: str) -> dict[str, float]:
        if kind == CODE:
            return code_measures(text)
        kind = kind if kind == "zh" else "en"
        if kind not in self._measures:
            self._measures[kind] = Measures(kind)
        return self._measures[kind](text)

    def _failed(self, kind: str, scores: dict[str, float]) -> list[str]:
        limits: dict[str, Any] = load_rules().limits.get(kind, {}) | self.limits.get(kind, {})
        names = [name for family in self.families for name in load_rules().families[family]]
        return [name for name in names if name in limits and _breaks(scores.get(name), *limits[name])]


def _breaks(score: float | None, least: float | None, most: float | None) -> bool:
    return score is not None and ((least is not None and score < least) or (most is not None and score > most))


def _is_code(meta: str | None) -> bool:
    return bool(meta) and '"programming_language"' in meta and "programming_language" in json.loads(meta)
