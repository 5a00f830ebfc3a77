"""What a template reads: its variables and translations, each with the line it is read in. Found without running it."""

from collections.abc import Iterator
from dataclasses import dataclass

from liquid import BoundTemplate
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.primitive import StringLiteral

from templates_app.rules.engine import expressions_of
from templates_app.rules.source import line_of

Step = str | int


@dataclass(frozen=True, slots=True)
class Read:
    """A variable as a template names it. `steps` is its path as far as it is fixed."""

    steps: tuple[Step, ...]
    line: int

    def __str__(self) -> str:
        return ".".join(str(step) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Named:
    """A translation that a template asks for. `key` is None where only the data knows which one."""

    key: str | None
    line: int


def variables(template: BoundTemplate, source: str) -> Iterator[Read]:
    """The variables that come from outside, in no order; what the template makes itself is not among them."""
    analysis = template.analyze(include_partials=False)
    for places in analysis.globals.values():
        for found in places:
            steps: list[Step] = []
            for segment in found.segments:
                if not isinstance(segment, str | int):
                    break
                steps.append(segment)
            if steps:
                yield Read(tuple(steps), line_of(source, max(found.span.index, 0)))


def fixed_words(template: BoundTemplate) -> str:
    """The words that are there for everybody: outside of conditions and loops, before anything is filled in."""
    return "".join(node.text for node in template.nodes if isinstance(node, ContentNode))


def translations(template: BoundTemplate, source: str) -> Iterator[Named]:
    """The translations asked for by `t`."""
    for expression in expressions_of(template):
        if not isinstance(expression, FilteredExpression):
            continue
        for place, used in enumerate(expression.filters or ()):
            if used.name == "t":
                first = place == 0 and isinstance(expression.left, StringLiteral)
                key = str(expression.left.value) if first and isinstance(expression.left, StringLiteral) else None
                yield Named(key, line_of(source, max(used.token.start_index, 0)))
