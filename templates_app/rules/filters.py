"""The filters templates may use, each paid for by the size of what goes in and comes out.

Left out on purpose: `safe` and `base64_*` (they smuggle HTML), `strip_html` (a parser of its own), and everything that
reads the clock.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from liquid import Markup
from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterValueError
from liquid.undefined import is_undefined

from templates_app.rules.budget import NUMBER_BITS, VALUE_CHARS, weigh
from templates_app.rules.local_filters import LOCAL_FILTERS, LOCAL_READS
from templates_app.rules.rich import clean, words_of
from templates_app.rules.translate import BadMessage, say

if TYPE_CHECKING:
    from templates_app.rules.engine import Purse

Filter = Callable[..., Any]

MESSAGES = "@messages"  # where the context has translations; no template can name it
RICH_CHARS_PER_UNIT = 4  # parsing HTML costs more than copying it


class TooBig(FilterValueError):
    """What the filter would make is more than a message may hold."""


def _paid(function: Filter, *, foretell: Callable[..., int] | None = None) -> Filter:
    """`function` with its input, its foretold size and its output weighed."""

    @wraps(function)
    def paid(value: Any, *args: Any, context: "Purse", **options: Any) -> Any:
        for given in (value, *args):
            context.pay_for(given)
        if foretell is not None and foretell(value, *args) > VALUE_CHARS:
            raise TooBig(f"a value of more than {VALUE_CHARS:,} characters", token=None)
        if getattr(function, "with_environment", False):
            options["environment"] = context.env
        result = function(value, *args, **options)
        if isinstance(result, int) and result.bit_length() > NUMBER_BITS:
            raise TooBig("a number too great to be printed", token=None)
        context.pay_for(result)
        return result

    paid.with_context = True  # type: ignore[attr-defined]
    paid.with_environment = False  # type: ignore[attr-defined]
    return paid


def _replaced(value: Any, old: Any, new: Any = "") -> int:
    text, old, new = str(value), str(old), str(new)
    return len(text) + (text.count(old) if old else len(text) + 1) * max(len(new) - len(old), 0)


def _joined(value: Any, separator: Any = " ") -> int:
    items = value if isinstance(value, list | tuple) else [value]
    return weigh(items) + len(items) * len(str(separator))


def _compared(value: Any, *_: Any) -> int:
    """Each item with each other one."""
    return len(value) ** 2 // 16 if isinstance(value, list | tuple) else 0


def _t(key: Any, *, context: "Purse", **values: Any) -> str:
    """The text that translations have for `key`, in the plural form for `count`, with `{name}` filled in."""
    messages = context.resolve(MESSAGES, default=None)
    found = messages.get(str(key)) if isinstance(messages, Mapping) else None
    if found is None:
        raise FilterValueError(f"no translation of '{str(key)[:80]}'", token=None)
    for value in values.values():
        context.pay_for(value)
    try:
        said = say(found, values)
    except BadMessage as trouble:
        raise FilterValueError(str(trouble), token=None) from None
    context.pay_for(said)
    return said


def _rich(value: Any, *, context: "Purse") -> str:
    """HTML out of data, with everything taken out that could run, load or hide; in a plain text its words alone."""
    context.pay_for(value)
    text = "" if is_undefined(value) or value is None else str(value)
    context.pay(len(text) // RICH_CHARS_PER_UNIT)
    said = Markup(clean(text)) if context.autoescape else words_of(text)
    context.pay_for(said)
    return said


for _function in (_t, _rich):
    _function.with_context = True  # type: ignore[union-attr]

_BY_LENGTH_ALONE: dict[str, Filter] = {
    "append": string.append,
    "capitalize": string.capitalize,
    "downcase": string.downcase,
    "escape": string.escape,
    "escape_once": string.escape_once,
    "lstrip": string.lstrip,
    "newline_to_br": string.newline_to_br,
    "prepend": string.prepend,
    "remove": string.remove,
    "remove_first": string.remove_first,
    "remove_last": string.remove_last,
    "replace_first": string.replace_first,
    "replace_last": string.replace_last,
    "rstrip": string.rstrip,
    "slice": string.slice_,
    "split": string.split,
    "squish": string.squish,
    "strip": string.strip,
    "strip_newlines": string.strip_newlines,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "upcase": string.upcase,
    "url_encode": string.url_encode,
    "abs": math.abs_,
    "at_least": math.at_least,
    "at_most": math.at_most,
    "ceil": math.ceil,
    "divided_by": math.divided_by,
    "floor": math.floor,
    "minus": math.minus,
    "modulo": math.modulo,
    "plus": math.plus,
    "round": math.round_,
    "times": math.times,
    "compact": array.compact,
    "concat": array.concat,
    "find": array.find,
    "first": array.first,
    "has": array.has,
    "last": array.last,
    "map": array.map_,
    "reject": array.reject,
    "reverse": array.reverse,
    "sort": array.sort,
    "sort_natural": array.sort_natural,
    "sum": array.sum_,
    "where": array.where,
    "default": misc.default,
    "size": misc.size,
}

FILTERS: dict[str, Filter] = {
    **{name: _paid(function) for name, function in _BY_LENGTH_ALONE.items()},
    "replace": _paid(string.replace, foretell=_replaced),
    "join": _paid(array.join, foretell=_joined),
    "uniq": _paid(array.uniq, foretell=_compared),
    **LOCAL_FILTERS,
    "t": _t,
    "rich": _rich,
}
READS: Mapping[str, tuple[str, ...]] = {**LOCAL_READS, "t": (MESSAGES,)}
"""The names of the context that filters look up by themselves."""
