"""Queries live in bot/storage, and a repository knows its tenant before it knows anything else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORAGE = ROOT / "bot" / "storage"
QUERIES = {"select", "insert", "update", "delete", "text", "create_engine"}


def sources() -> Iterator[Path]:
    yield ROOT / "app.py"
    for package in ("bot", "analytics", "knowledge"):
        yield from (ROOT / package).rglob("*.py")


def queries_in(tree: ast.AST) -> list[str]:
    """Names of query builders that a module takes from SQLAlchemy, under whatever alias."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            found += [name.name for name in node.names if name.name in QUERIES]
        elif isinstance(node, ast.Import):
            found += [n.name for n in node.names if n.name.partition(".")[0] == "sqlalchemy"]
    return found


def repositories(tree: ast.Module) -> list[ast.ClassDef]:
    return [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Repository" for base in node.bases)
    ]


def methods(repository: ast.ClassDef) -> list[ast.FunctionDef]:
    return [node for node in repository.body if isinstance(node, ast.FunctionDef)]


def argument_names(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def tables_used(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "models"
        for node in ast.walk(function)
    )


def names_tenant(function: ast.FunctionDef) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "_tenant" for n in ast.walk(function))


def storage_repositories() -> list[ast.ClassDef]:
    return [
        repository
        for path in STORAGE.glob("*.py")
        for repository in repositories(ast.parse(path.read_text(encoding="utf-8")))
    ]


def test_no_query_is_built_outside_storage() -> None:
    checked = [p for p in sources() if p.exists() and STORAGE not in p.parents]
    offenders = {
        str(path.relative_to(ROOT)): found
        for path in checked
        if (found := queries_in(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert len(checked) > 10
    assert offenders == {}


def test_a_repository_is_built_with_a_tenant_and_nothing_else_takes_one() -> None:
    found = storage_repositories()
    assert {r.name for r in found} >= {"AuditLog", "ClearedChannels", "PersonData"}
    for repository in found:
        for method in methods(repository):
            assert method.name != "__init__", f"{repository.name} must keep Repository's __init__"
            assert "tenant" not in argument_names(method), f"{repository.name}.{method.name}"


def test_every_method_that_touches_a_table_names_the_tenant() -> None:
    for repository in storage_repositories():
        for method in methods(repository):
            if tables_used(method):
                assert names_tenant(method), f"{repository.name}.{method.name} forgets the tenant"


def test_every_table_with_rows_of_a_tenant_has_the_column() -> None:
    from bot.storage.models import metadata

    assert [name for name, table in metadata.tables.items() if "tenant" not in table.c] == []


@pytest.mark.parametrize(
    "code",
    ["from sqlalchemy import select as s", "import sqlalchemy as sa", "import sqlalchemy.orm"],
)
def test_the_rule_sees_through_an_alias(code: str) -> None:
    assert queries_in(ast.parse(code))
