"""Liquid with a purse: every look-up, filter and turn of a loop is paid for, and what is missing is an error.

The language is an allow-list of tags and filters. Nothing in it reaches files, attributes or methods of Python.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions.primitive import RangeLiteral, StringLiteral
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    decrement_tag,
    echo_tag,
    for_tag,
    if_tag,
    increment_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError, LiquidSyntaxError, ResourceLimitError
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.undefined import UNDEFINED, FalsyStrictUndefined, Undefined
from liquid.utils import ReadOnlyChainMap

from templates_app.rules.budget import CHARS_PER_UNIT, FUEL, LOCALS_BYTES, VALUE_CHARS, weigh
from templates_app.rules.context import COMMON
from templates_app.rules.filters import FILTERS, MESSAGES, READS
from templates_app.rules.partial_tag import PartialTag, RenderTag

LITERAL_CHARS = 500  # of a text in quotes inside a tag

_SEEN_EVERYWHERE = (*COMMON, MESSAGES)  # what partials see of a context without being given it
_HOLDERS = (list, dict, tuple)  # what JSON and filters make; looked up once for every value, so no isinstance


class TooExpensive(ResourceLimitError):
    """The template asks for more work or room than a message may cost."""


class Purse(RenderContext):
    """The context of one rendering, which also counts what it costs."""

    __slots__ = ("_common", "_fuel", "_sizes", "turn_cost")

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        super().__init__(template, **options)
        # Without the library's own `now` and `today`, which read the clock.
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self._fuel = FUEL
        self.turn_cost = 1  # of the loop that is about to begin
        self._sizes: dict[str, int] = {}
        self._common: dict[str, object] | None = None  # made when the first partial asks

    @property
    def left(self) -> int:
        """The units that are not spent."""
        return self._fuel

    def pay(self, units: int) -> None:
        """Raises `TooExpensive` when nothing is left."""
        self._fuel -= units
        if self._fuel < 0:
            raise TooExpensive("more work than a message may cost; shorter loops and texts would do", token=None)

    def pay_for(self, value: Any) -> None:
        """Pay for handling a value; raises `TooExpensive` also when it is too big by itself."""
        weight = weigh(value)
        if weight > VALUE_CHARS:
            raise TooExpensive(f"a value of more than {VALUE_CHARS:,} characters", token=None)
        self.pay(1 + weight // CHARS_PER_UNIT)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        value = super().get(path, token=token, default=default)
        kind = type(value)
        weight = len(value) if kind is str else weigh(value) if kind in _HOLDERS else 1  # type: ignore[arg-type]
        self._fuel -= 1 + weight // CHARS_PER_UNIT
        if self._fuel < 0:
            self.pay(0)
        return value

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Called when a loop begins: all its turns are paid for at once."""
        self.pay(length * self.turn_cost)

    def assign(self, key: str, val: Any) -> None:
        """Keep a variable. The library would add up all sizes again each time."""
        self.pay_for(val)
        self.locals[key] = val
        self._sizes[key] = sys.getsizeof(val, 1) + 4 * weigh(val)
        if sum(self._sizes.values()) > LOCALS_BYTES:
            raise TooExpensive("more in variables than a message may hold", token=None)

    def alone(self, given: Mapping[str, object]) -> tuple[Any, ...]:
        """Let what is rendered now see `given` and what every template has; the work and the room it takes are paid
        from the same purse. Returns what `again` takes, to leave nothing behind.
        """
        around = self.locals, self.globals, self.counters, self.loops, self.tag_namespace, self.scope, self._sizes
        if self._common is None:
            self._common = {name: self.globals[name] for name in _SEEN_EVERYWHERE if name in self.globals}
        self.locals, self.globals, self.counters, self.loops = {}, {**self._common, **given}, {}, []
        self.tag_namespace = {"cycles": {}, "ifchanged": "", "stopindex": {}}
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self._sizes = {"": sum(self._sizes.values())} if self._sizes else {}
        return around

    def again(self, around: tuple[Any, ...]) -> None:
        """Go on where `alone` was called."""
        (self.locals, self.globals, self.counters, self.loops, self.tag_namespace, self.scope, self._sizes) = around


class Template(BoundTemplate):
    context_class = Purse

    def make_partial_namespace(self, partial: bool, render_args: Any) -> dict[str, object]:  # noqa: FBT001
        """Nothing: the library would put a variable `partial` before the one in somebody's data."""
        return {}


class OutputNode(output.OutputNode):
    """Prints texts, numbers and plain lists of them; an object has no words of its own."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        if type(value) in _HOLDERS:
            self._judge(value, context)
        return buffer.write(to_liquid_string(value, context.autoescape))

    def _judge(self, value: Any, context: RenderContext) -> None:
        if isinstance(value, dict):
            raise LiquidError("an object cannot be printed; one of its fields can", token=self.token)
        if isinstance(value, list | tuple) and any(type(item) in _HOLDERS for item in value):
            raise LiquidError("a list of objects cannot be printed; a for loop can go through it", token=self.token)
        assert isinstance(context, Purse)
        context.pay_for(value)


class Output(output.Output):
    node_class = OutputNode


class EchoTag(echo_tag.EchoTag):
    node_class = OutputNode  # type: ignore[assignment]


class ForNode(for_tag.ForNode):
    """A turn costs as much as there are nodes and text inside."""

    __slots__ = ("_cost",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        nodes = 1 + sum(1 for _ in below(self.block))
        self._cost = nodes + len(str(self.block)) // CHARS_PER_UNIT

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, Purse)
        iterable = self.expression.iterable
        if isinstance(iterable, RangeLiteral):
            # `reversed` and `offset` go through all of a range, whatever few turns are left of it.
            found = iterable.evaluate(context)
            context.pay(max(found.stop - found.start, 0))
        context.turn_cost = self._cost
        return super().render_to_output(context, buffer)


class ForTag(for_tag.ForTag):
    node_class = ForNode


class Language(Environment):
    """The one language of all contents; `autoescape` for texts that become HTML."""

    block_nesting_limit = 20
    context_depth_limit = 30
    loop_iteration_limit = None  # paid for by `ForNode`
    local_namespace_limit = None  # kept by `Purse.assign`
    output_stream_limit = None  # what is written has been paid for: fuel for so many characters and no more
    template_class = Template

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """The allow-list, instead of everything the library has."""
        for tag in (
            *(content.Literal, Output, illegal.Illegal),
            *(if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag),
            *(ForTag, for_tag.BreakTag, for_tag.ContinueTag),
            *(assign_tag.AssignTag, capture_tag.CaptureTag, increment_tag.IncrementTag, decrement_tag.DecrementTag),
            *(comment_tag.CommentTag, inline_comment_tag.InlineCommentTag, EchoTag),
            *(PartialTag, RenderTag),
        ):
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, function)


TAGS = "assign, break, capture, case, comment, continue, decrement, echo, for, if, increment, raw, render, unless"

PLAIN = Language(undefined=FalsyStrictUndefined)
HTML = Language(undefined=FalsyStrictUndefined, autoescape=True)
LENIENT_PLAIN = Language(undefined=Undefined)
LENIENT_HTML = Language(undefined=Undefined, autoescape=True)


def inspect(template: BoundTemplate) -> frozenset[str] | None:
    """The names a template looks up at the top level; `None` when that depends on values.

    Raises LiquidSyntaxError for what the parser lets pass: unknown filters, and ranges and texts where they could cost
    much.
    """
    return reads_of(template.nodes)


def reads_of(nodes: Iterable[Node]) -> frozenset[str] | None:
    """The same of some nodes."""
    names: set[str] | None = set()
    for found in _expressions(nodes):
        head = found.path[0] if isinstance(found, Path) else None
        if isinstance(head, Path):
            names = None
        elif isinstance(head, str) and names is not None:
            names.add(head)
        if isinstance(found, FilteredExpression) and names is not None:
            names.update(_reads(found))
    return None if names is None else frozenset(names)


def expressions_of(template: BoundTemplate) -> Iterator[Expression]:
    """Every expression of a template, also those inside of others."""
    yield from _expressions(template.nodes)


def _expressions(nodes: Iterable[Node]) -> Iterator[Expression]:
    for node in nodes:
        for part in (node, *below(node)):
            for expression in part.expressions():
                yield from _inside(expression)


def _reads(expression: FilteredExpression) -> Iterator[str]:
    """What filters read beside what they are given."""
    for used in expression.filters or ():
        if used.name not in FILTERS:
            raise LiquidSyntaxError(f"no filter '{used.name}'; known: {', '.join(sorted(FILTERS))}", token=used.token)
        yield from READS.get(used.name, ())


def _inside(expression: Expression) -> Iterator[Expression]:
    yield expression
    for child in expression.children():
        if isinstance(child, RangeLiteral) and not isinstance(expression, LoopExpression):
            raise LiquidSyntaxError("a range can only be looped through: {% for i in (1..5) %}", token=child.token)
        if isinstance(child, StringLiteral) and len(child.value) > LITERAL_CHARS:
            raise LiquidSyntaxError(f"a text of more than {LITERAL_CHARS} characters in a tag", token=child.token)
        yield from _inside(child)


def below(node: Node) -> Iterator[Node]:
    """Every node inside of a node."""
    for child in node.children(_NOWHERE, include_partials=False):
        yield child
        yield from below(child)


_NOWHERE: Any = None  # a static context, which only tags that load other templates would look at


def top_level(context: Mapping[str, Any], names: frozenset[str]) -> tuple[int, ...]:
    """What tells two contexts apart for a template that reads `names`, as long as both are alive."""
    return tuple(id(context.get(name)) for name in names)
