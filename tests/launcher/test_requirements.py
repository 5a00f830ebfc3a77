"""The check that the locks agree with pyproject.toml, and that it holds for ours."""

import pytest

from deploy.local.requirements import disagreements, main

BELL = "bell==1.4.0 ; python_version >= '3.12' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via tower\n"
OLDER_BELL = "bell==1.2.0 ; python_version < '3.12' \\\n    --hash=sha256:cc\n"
HAMMER = "hammer==2.0 \\\n    --hash=sha256:dd\n"


def judge(
    dependencies: tuple[str, ...] = ("Bell[loud]>=1.2,<2",),
    *,
    tools: tuple[str, ...] = ("hammer",),
    runtime: str = BELL + OLDER_BELL,
    development: str = BELL + OLDER_BELL + HAMMER,
) -> list[str]:
    return disagreements(dependencies=dependencies, tools=tools, runtime=runtime, development=development)


def test_agreement_says_nothing() -> None:
    assert judge() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"dependencies": ("bell>=1.3",)},
            [
                "requirements.txt: bell==1.2.0 does not satisfy >=1.3",
                "requirements-dev.txt: bell==1.2.0 does not satisfy >=1.3",
            ],
        ),
        ({"tools": ("hammer", "anvil")}, ["requirements-dev.txt: anvil of pyproject.toml is missing"]),
        (
            {"dependencies": ("bell", "rope")},
            [
                "requirements.txt: rope of pyproject.toml is missing",
                "requirements-dev.txt: rope of pyproject.toml is missing",
            ],
        ),
        ({"development": BELL + HAMMER}, ["bell differs between requirements.txt and requirements-dev.txt"]),
        (
            {"development": BELL + OLDER_BELL + "hammer==2.0\n"},
            ["requirements-dev.txt: hammer has no hash"],
        ),
    ],
    ids=["too old", "tool missing", "dependency missing", "sets differ", "no hash"],
)
def test_a_disagreement_is_named(changed: dict[str, object], said: list[str]) -> None:
    assert judge(**changed) == said  # type: ignore[arg-type]


def test_our_locks_agree() -> None:
    assert main() == 0
