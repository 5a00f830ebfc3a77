"""Templates written to hurt: each tries to eat time or memory, or to get at what it should not see."""

from typing import Any

BIG = "x" * 60_000
WORDS = "ab " * 20_000
ROWS = [{"name": f"n{place}", "tags": ["a", "b"], "price": place} for place in range(1000)]
DATA: dict[str, Any] = {
    "big": BIG,
    "also_big": BIG,
    "words": WORDS,
    "rows": ROWS,
    "html": "<p>" * 20_000,
    "amps": "&" * 60_000,
    "deep": {"a": {"b": {"c": [1, 2, 3]}}},
    "number": 10**15,
    "huge": 10**300,
    "digits": "9" * 4000,
    "lines": "\n" * 60_000,
    "emoji": "\U0001f600" * 30_000,
    "unicode": "ΐ" * 30_000,
}

DOUBLING = "{% assign s = 'xxxxxxxxxx' %}" + "{% assign s = s | append: s %}" * 40 + "{{ s }}"
CONCATS = "{% assign l = rows %}" + "{% assign l = l | concat: l %}" * 25 + "{{ l | size }}"
LOOPS = "{% for a in (1..300) %}" * 5 + "{{ a }}" + "{% endfor %}" * 5
SQUARING = "{% assign n = 9 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n }}"
CAPTURES = (
    "{% for i in (1..1000) %}"
    + "".join(f"{{% capture v{place} %}}{{{{ big }}}}{{% endcapture %}}" for place in range(40))
    + "{% endfor %}"
)

COSTLY = {
    "string doubled by append": DOUBLING,
    "string doubled by capture": "{% assign s = big %}" + "{% capture s %}{{ s }}{{ s }}{% endcapture %}" * 20,
    "string doubled by prepend": DOUBLING.replace("append", "prepend"),
    "list doubled by concat": CONCATS,
    "replace chain": "{{ 'aaaaaaaaaa' " + "| replace: 'a', 'aaaaaaaaaaaaaaaaaaaa' " * 12 + "}}",
    "replace nothing with much": "{{ big | replace: '', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy' }}",
    "replace_first in a loop": "{% for i in (1..20000) %}{% assign s = big | replace_first: 'x', 'y' %}{% endfor %}",
    "join of a range": "{{ (1..100000000) | join: ',' }}",
    "join with a long separator": "{{ words | split: ' ' | join: big }}",
    "join of long items": "{% assign l = big | split: '~' %}"
    + "{% assign l = l | concat: l %}" * 16
    + "{{ l | join }}",
    "range in a condition": "{% if (1..1000000000) contains 'a' %}x{% endif %}",
    "range assigned": "{% assign r = (1..1000000000) %}{% for i in r reversed %}x{% endfor %}",
    "range reversed": "{% for i in (1..1000000000) reversed %}x{% endfor %}",
    "range sliced far away": "{% for i in (1..1000000000) offset: 999999999 %}x{% endfor %}",
    "loop of a billion": "{% for i in (1..1000000000) %}x{% endfor %}",
    "loop of a billion with break": "{% for i in (1..1000000000) %}{% break %}{% endfor %}",
    "loops in loops": LOOPS,
    "loops one after another": "{% for i in (1..5000) %}{{ i }}{% endfor %}" * 200,
    "empty loops": "{% for i in (1..20000) %}{% endfor %}" * 500,
    "loop over static nodes": "{% for i in (1..5000) %}" + "{% if true %}{% endif %}" * 3000 + "{% endfor %}",
    "loop over a long literal": "{% for i in (1..5000) %}" + "lorem ipsum " * 8000 + "{% endfor %}",
    "loop over rows in rows": "{% for a in rows %}{% for b in rows %}{{ b.name }}{% endfor %}{% endfor %}",
    "long comparison in a loop": "{% for i in (1..50000) %}{% if big == also_big %}{% endif %}{% endfor %}",
    "containment in a loop": "{% for i in (1..50000) %}{% if big contains also_big %}{% endif %}{% endfor %}",
    "object compared in a loop": "{% for i in (1..50000) %}{% if rows == rows %}{% endif %}{% endfor %}",
    "much output": "{% for i in (1..1000) %}{{ big }}{% endfor %}",
    "much captured": CAPTURES,
    "many variables": "".join(f"{{% assign v{place} = big | upcase %}}" for place in range(2000)),
    "many lists": "".join(f"{{% assign v{place} = words | split: ' ' %}}" for place in range(2000)),
    "split into characters": "{{ big | split: '' | reverse | join: '' }}" * 100,
    "split of wide characters": "{{ emoji | split: '' | sort | join: '' }}" * 100,
    "uniq of many": "{{ words | split: ' ' | uniq | size }}",
    "uniq of many rows": "{% for i in (1..50) %}{{ rows | map: 'name' | uniq | size }}{% endfor %}",
    "sorting in a loop": "{% for i in (1..5000) %}{% assign x = rows | sort_natural: 'name' %}{% endfor %}",
    "squaring numbers": SQUARING,
    "squaring a huge number": "{{ huge | times: huge | times: huge | times: huge }}",
    "long numbers": "{{ digits | times: digits | times: digits }}",
    "number beyond floats": "{{ huge | times: 1.5 | times: huge | round }}",
    "rounding far": "{{ 1.5 | round: 1000000000 }}",
    "escaping a lot": "{{ amps | escape | escape | escape | escape | escape | escape }}",
    "line breaks into tags": "{{ lines | newline_to_br | newline_to_br }}",
    "percent signs": "{{ unicode | url_encode | url_encode | url_encode }}",
    "growing by upper case": "{{ unicode | upcase | upcase }}" * 200,
    "truncating far": "{{ big | truncate: 1000000000, big }}",
    "slicing far": "{{ big | slice: -1000000000000000000, 1000000000000000000 }}",
    "format of a date, wide": "{{ 'now' | date: '%1000000000Y' }}",
    "format of a date, long": "{% assign f = '%c' %}" + "{% assign f = f | append: f %}" * 15 + "{{ 'now' | date: f }}",
    "date of a long text": "{{ big | date: '%Y' }}",
    "dates in words": "{% for i in (1..100000) %}{{ 'now' | datetime: 'full' }}{% endfor %}",
    "money in a loop": "{% for i in (1..100000) %}{{ i | money: 'EUR' }}{% endfor %}",
    "a great number in words": "{{ huge | number: 10 }}{{ digits | money: 'EUR' }}",
    "filters in a row": "{{ big " + "| upcase | downcase " * 28 + "}}",
    "filters in many rows": ("{{ big " + "| upcase | downcase " * 20 + "}}") * 100,
    "increments": "{% increment a %}" * 7000,
    "cases": "{% for i in (1..5000) %}{% case i %}" + "{% when 'a', 'b', 'c' %}x" * 1000 + "{% endcase %}{% endfor %}",
    "conditions": "{% for i in (1..5000) %}{% if "
    + " or ".join(["big == also_big"] * 30)
    + " %}{% endif %}{% endfor %}",
    "paths within paths": "{% for i in (1..5000) %}{{ deep[deep[deep[big]]] | default: 'x' }}{% endfor %}",
}
"""What costs too much; ends well (its result is small after all) or as an error, but soon."""

UNREADABLE = {
    "unclosed braces": "{{" * 60_000,
    "unclosed tags": "{%" * 60_000,
    "unclosed with blanks": "{{" + " " * 100_000,
    "blanks before the end": "{{" + " " * 100_000 + "}}",
    "blanks in a tag": "{% if" + " " * 100_000 + "%}",
    "blanks in many tags": ("{{ a" + " " * 99 + "}}") * 1200,
    "unclosed raws": "{% raw %}" * 14_000,
    "unclosed comments": "{% comment %}" * 10_000,
    "unclosed docs": "{% doc %}" * 14_000,
    "raw in pieces": "{% raw" + " " * 100_000 + "%}",
    "endraw in pieces": "{% raw %}" + "{% endraw" * 10_000,
    "deep blocks": "{% if a %}" * 10_000,
    "deep blocks, closed": "{% if a %}" * 5_000 + "{% endif %}" * 5_000,
    "deep brackets": "{{ " + "a[" * 250 + "0" + "]" * 250 + " }}",
    "deep brackets, unclosed": "{{ " + "a[" * 280 + " }}",
    "many conditions": "{% if " + " and ".join(["a"] * 80) + " %}{% endif %}",
    "a very long condition": "{% if " + " and ".join(["a"] * 20_000) + " %}{% endif %}",
    "quotes": "{{ " + "\"'" * 290 + " }}",
    "quotes in many tags": ("{{ " + "['" * 290 + " }}") * 200,
    "parentheses": ("{{ " + "(" * 590 + " }}") * 200,
    "dots": "{{ a" + "." * 500 + " }}",
    "pipes": "{{ a " + "|" * 500 + " }}",
    "a long text": "{{ '" + "a" * 100_000 + "' }}",
    "a long number": "{{ " + "9" * 500 + " }}",
    "a longer number": "{{ " + "9" * 100_000 + " }}",
    "a million characters": "{{ a }}" * 150_000,
    "many small tags": "{{ a }}" * 18_000,
    "dashes": "{{" + "-" * 500 + "}}",
    "nothing inside": "{{}}" * 30_000,
    "nulls": "{{ \x00 }}" * 10_000,
}
"""What would keep a parser busy: refused, or parsed soon."""

CURIOUS = {
    "class": "{{ order_id.__class__ }}",
    "class by bracket": "{{ order_id['__class__'] }}",
    "class of a list": "{{ items.__class__.__mro__ }}",
    "globals of a function": "{{ items.append.__globals__ }}",
    "format string": "{{ '{0.__class__}' | append: order_id }}",
    "method": "{{ order_id.upper }}",
    "method of a list": "{{ items.pop }}",
    "method of an object": "{{ data.keys }}",
    "loop helper": "{% for i in items %}{{ forloop.it }}{% endfor %}",
    "loop helper's parent": "{% for i in items %}{{ forloop.parentloop.name }}{% endfor %}",
    "include": "{% include '/etc/passwd' %}",
    "render": "{% render '../../etc/passwd' %}",
    "liquid tag": "{% liquid assign a = 1 %}",
    "tablerow": "{% tablerow i in items %}{{ i }}{% endtablerow %}",
    "extends": "{% extends 'base' %}",
    "macro": "{% macro a %}{% endmacro %}",
    "safe": "{{ order_id | safe }}",
    "base64": "{{ 'PHNjcmlwdD4=' | base64_decode }}",
    "environment": "{{ settings.SECRET_KEY }}",
    "context": "{{ context.env }}",
    "template": "{{ template.name }}",
    "partial": "{{ self.environment }}",
}
"""What looks where nothing is to be seen."""
