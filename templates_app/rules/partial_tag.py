"""How a partial stands in a text that is made ready: `{% partial 'card@3', title: name %}…{% endpartial %}`.

Nobody writes this: publishing puts it in the place of `render` (see `partials`), so filling in has nothing to look up.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TextIO, cast

from liquid import Environment, RenderContext, Token, TokenStream
from liquid.ast import BlockNode, Node, Partial, PartialScope
from liquid.builtin.expressions import Identifier, KeywordArgument, parse_primitive
from liquid.builtin.expressions.primitive import RangeLiteral, StringLiteral
from liquid.exceptions import BreakLoop, ContinueLoop, LiquidError, LiquidSyntaxError
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.tag import Tag
from liquid.token import TOKEN_EOF, TOKEN_TAG

if TYPE_CHECKING:
    from templates_app.rules.engine import Purse

OPEN, CLOSE = "partial", "endpartial"
WITHIN = " (in the partial '"  # what failures in one say after what went wrong
_ENDS = frozenset((CLOSE, TOKEN_EOF))


class PartialNode(Node):
    """The words of a partial, which see what they are given and nothing else of the text around them."""

    __slots__ = ("block", "given", "name")

    def __init__(self, token: Token, name: str, given: Mapping[str, KeywordArgument], block: BlockNode) -> None:
        super().__init__(token)
        self.name, self.given, self.block = name, given, block
        self.blank = block.blank

    def __str__(self) -> str:
        given = "".join(f", {one}" for one in self.given.values())
        return f"{{% {OPEN} '{self.name}'{given} %}}{self.block}{{% {CLOSE} %}}"

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        purse = cast("Purse", context)
        purse.pay(1 + len(self.given))
        around = purse.alone({name: one.value.evaluate(context) for name, one in self.given.items()})
        try:
            return self.block.render_to_output(context, buffer)
        except (BreakLoop, ContinueLoop):
            return True  # of a loop around it, which is none of its business
        except LiquidError as trouble:
            trouble.args = (_within(self.name, trouble), *trouble.args[1:])
            raise
        finally:
            purse.again(around)

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> Iterable[Node]:
        yield self.block

    def expressions(self) -> Iterable[Expression]:
        return [one.value for one in self.given.values()]

    def partial_scope(self) -> Partial:
        names = [Identifier(name, token=one.token) for name, one in self.given.items()]
        return Partial(name="", scope=PartialScope.ISOLATED, in_scope=names, key=id(self))


class PartialTag(Tag):
    name = OPEN
    end = CLOSE

    def parse(self, stream: TokenStream) -> PartialNode:
        token = stream.eat(TOKEN_TAG)
        name, given = read_call(self.env, stream.into_inner(tag=token), token)
        block = get_parser(self.env).parse_block(stream, _ENDS)
        stream.expect(TOKEN_TAG, value=CLOSE)
        return PartialNode(token, name, given, block)


class RenderTag(Tag):
    """What people write. Where it was not resolved, there is nothing to resolve it with."""

    name = "render"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        raise LiquidSyntaxError(
            "render stands in templates, layouts and partials alone, where publishing puts the words in its place",
            token=stream.current,
        )


def read_call(env: Environment, tokens: TokenStream, token: Token) -> tuple[str, dict[str, KeywordArgument]]:
    """The name in quotes and the values it is given. Raises `LiquidSyntaxError`."""
    name = parse_primitive(env, tokens)
    if not isinstance(name, StringLiteral):
        raise LiquidSyntaxError("a partial is named in quotes: {% render 'button', url: order_url %}", token=token)
    given: dict[str, KeywordArgument] = {}
    for one in KeywordArgument.parse(env, tokens):
        if one.name in given:
            raise LiquidSyntaxError(f"'{one.name}' is given twice; once would do", token=token)
        if isinstance(one.value, RangeLiteral):
            raise LiquidSyntaxError("a range can only be looped through: {% for i in (1..5) %}", token=token)
        given[one.name] = one
    return str(name.value), given


def _within(name: str, trouble: LiquidError) -> str:
    """What went wrong, and in which of the partials that stand within each other: the innermost."""
    message = str(trouble.message)
    return message if WITHIN in message else f"{message}{WITHIN}{name}')"
