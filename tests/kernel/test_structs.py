"""Reading into Structs, by many threads at once from the first moment on."""

import subprocess
import sys
import textwrap

import msgspec
import pytest

from kernel import structs

RACE = """
import sys, threading
import msgspec
{imports}
sys.setswitchinterval(1e-6)

for turn in range(200):
    class Inner(msgspec.Struct):
        a: int | None = None
        b: str | None = None

    class Outer(msgspec.Struct):
        inner: Inner
        last: int

    start = threading.Barrier(8)

    def read(Outer=Outer, start=start):
        start.wait()
        {read}

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


class Point(msgspec.Struct):
    x: int


def race(imports: str, read: str) -> int:
    program = textwrap.dedent(RACE).format(imports=imports, read=read)
    return subprocess.run([sys.executable, "-c", program], timeout=60, check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    "read",
    [
        'structs.convert({"inner": {"a": 1}, "last": 2}, Outer)',
        'structs.decode(b\'{"inner": {"a": 1}, "last": 2}\', Outer)',
        'structs.packed_decoder(Outer).decode(msgspec.msgpack.encode({"inner": {"a": 1}, "last": 2}))',
    ],
)
def test_threads_that_read_a_new_struct_at_once_live(read: str) -> None:
    assert race("from kernel import structs", read) == 0


def test_without_the_lock_they_would_not() -> None:
    """When this fails, msgspec has mended it and `kernel.structs` can go."""
    assert race("", 'msgspec.convert({"inner": {"a": 1}, "last": 2}, Outer)') < 0


def test_the_same_decoder_reads_for_everybody() -> None:
    assert structs.decoder(Point) is structs.decoder(Point)
    assert structs.decode('{"x": 1}', Point) == structs.convert({"x": 1}, Point) == Point(1)
    assert structs.convert({"x": "1"}, Point, strict=False) == Point(1)


def test_what_is_wrong_is_said_as_msgspec_says_it() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.x"):
        structs.convert({"x": "1"}, Point)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.x"):
        structs.decode(b'{"x": "1"}', Point)
    with pytest.raises(msgspec.DecodeError):
        structs.decode(b"{", Point)
