"""Templates in stretches, so that what people of a batch share is filled in once for all of them.

A text for a thousand people mostly differs in a name and a number. What reads nothing of the person's own comes out the
same as long as the values it reads are the same objects, and costs the purse the same; so it is kept beside what it
cost. Only templates whose nodes leave nothing behind for those after them are cut; the others run as a whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from typing import Any

from liquid import BoundTemplate
from liquid.ast import BlockNode, ConditionalBlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import LoopExpression
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.builtin.tags.unless_tag import UnlessNode

from templates_app.rules.engine import ForNode, OutputNode, Purse, Template, below, reads_of, top_level
from templates_app.rules.partial_tag import PartialNode

OWN = frozenset(("recipient", "unsubscribe_url", "preference_centre_url"))  # what no two people have in common

# They write, and set no variable, count nothing and leave no loop.
_TRACELESS = (
    *(ContentNode, OutputNode, CommentNode, InlineCommentNode, PartialNode),
    *(IfNode, UnlessNode, CaseNode, ForNode, BlockNode, ConditionalBlockNode, MultiExpressionBlockNode),
)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of a template. `reads`: the names it looks up; `None`: the person's own, never kept."""

    template: Template
    reads: frozenset[str] | None


Kept = dict[tuple[Stretch, tuple[int, ...]], tuple[str, int]]  # what came out, and what it cost


def stretches_of(template: BoundTemplate) -> tuple[Stretch, ...]:
    """The template cut where its own parts begin and end; nothing when it has to run as a whole."""
    nodes = [(node, _reads(node)) for node in template.nodes]
    if any(reads is None or not _is_traceless(node) for node, reads in nodes):
        return ()
    found = tuple(_stretches(template, [(node, reads) for node, reads in nodes if reads is not None]))
    return found if len(found) > 1 else ()


def fill_stretches(template: Template, stretches: Sequence[Stretch], context: Mapping[str, Any], *, kept: Kept) -> str:
    """The same as `template.render(context)`. `kept` is good as long as the values of its contexts are alive."""
    purse = Purse(template, globals=template.make_globals(context))
    pieces = []
    for stretch in stretches:
        if stretch.reads is None:
            pieces.append(_run(stretch.template, purse))
            continue
        key = stretch, top_level(context, stretch.reads)
        known = kept.get(key)
        if known is None:
            before = purse.left
            text = _run(stretch.template, purse)
            kept[key] = text, before - purse.left
        else:
            text, cost = known
            purse.pay(cost)
        pieces.append(text)
    return "".join(pieces)


def _run(template: Template, purse: Purse) -> str:
    buffer = StringIO()
    template.render_with_context(purse, buffer)
    return buffer.getvalue()


def _stretches(template: BoundTemplate, nodes: Sequence[tuple[Node, frozenset[str]]]) -> Iterator[Stretch]:
    for own, group in groupby(nodes, key=lambda one: not OWN.isdisjoint(one[1])):
        members = list(group)
        part = Template(template.env, [node for node, _ in members])
        yield Stretch(part, None if own else frozenset().union(*(reads for _, reads in members)))


def _reads(node: Node) -> frozenset[str] | None:
    return reads_of((node,))


def _is_traceless(node: Node) -> bool:
    """`for … offset: continue` goes on where a loop before it has ended."""
    return all(
        type(part) in _TRACELESS
        and not any(isinstance(found, LoopExpression) and found.offset is not None for found in part.expressions())
        for part in (node, *below(node))
    )
