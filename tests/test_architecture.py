"""The laws of the house, held by the test run: what no reviewer should have to look for."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import BaseCommand
from django.db import models
from django_fsm import FSMField

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["config", "connections", "fieldwork", "billing", "beckn_adapter"]
ROOMS = PACKAGES[1:]
LONGEST_FILE, LONGEST_FUNCTION = 350, 50
VAGUE_NAMES = {"utils", "helpers", "common", "misc", "selectors", "signals"}
PURE = [
    *("connections/geography.py", "connections/clock.py", "connections/brand.py"),
    *("billing/pricing.py", "beckn_adapter/signing.py"),
]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def project_files() -> list[Path]:
    """What stands in the repository or is about to: tracked, or neither tracked nor ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0 and listing.stdout:
        return [path for line in listing.stdout.splitlines() if (path := ROOT / line).is_file()]
    return [path for package in [*PACKAGES, "tests"] for path in (ROOT / package).rglob("*") if path.is_file()]


def python_files(*packages: str) -> list[Path]:
    """Our own modules, migrations left out: those are written by Django."""
    wanted = packages or (*PACKAGES, "tests")
    return [
        path
        for path in project_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in wanted and "migrations" not in path.parts
    ]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def functions_in(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


# --- Imports point inward -------------------------------------------------------------------------------------------


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def a_copy_of_the_house(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_import_contracts_hold() -> None:
    judged = lint_imports(ROOT)

    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "0 broken" in judged.stdout


@pytest.mark.parametrize(
    ("module", "forbidden", "contract"),
    [
        ("connections/services.py", "import beckn_adapter", "Imports point inward"),
        ("connections/services.py", "import billing", "Imports point inward"),
        ("fieldwork/services.py", "import billing.services", "Imports point inward"),
        ("billing/services.py", "import fieldwork.models", "Imports point inward"),
        ("billing/services.py", "import beckn_adapter.models", "Imports point inward"),
        ("connections/services.py", "import config.settings", "config only wires"),
        ("billing/pricing.py", "import django.conf", "What is called pure"),
        ("beckn_adapter/signing.py", "import requests", "What is called pure"),
    ],
)
def test_a_forbidden_import_is_caught(a_copy_of_the_house: Path, module: str, forbidden: str, contract: str) -> None:
    with (a_copy_of_the_house / module).open("a") as source:
        source.write(f"\n{forbidden}\n")

    judged = lint_imports(a_copy_of_the_house)

    assert judged.returncode == 1
    broken = [line for line in judged.stdout.splitlines() if line.endswith("BROKEN")]
    assert len(broken) == 1
    assert broken[0].startswith(contract)


# --- Size and names -------------------------------------------------------------------------------------------------


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [name_of(path) for path in python_files() if VAGUE_NAMES & {path.stem, *path.relative_to(ROOT).parts[:-1]}]

    assert vague == []


def test_no_file_is_too_long_to_read() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in python_files()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_hold_in_mind() -> None:
    lengths = {
        f"{name_of(path)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in python_files()
        for function in functions_in(tree_of(path))
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_nothing_is_left_for_later() -> None:
    leftover = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")

    assert [name_of(path) for path in python_files() if leftover.search(path.read_text())] == []


def test_no_test_is_marked_as_expected_to_fail() -> None:
    mark = re.compile(r"mark\.x" r"fail|pytest\.x" r"fail")

    assert [name_of(path) for path in python_files("tests") if mark.search(path.read_text())] == []


# --- States move through the one door -------------------------------------------------------------------------------


def state_writes(tree: ast.AST, *, fields: set[str]) -> list[int]:
    """Lines that go past the state machine: `.update(state=…)`, `bulk_update(…, ["state"])`, raw SQL, a refresh."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = {keyword.arg for keyword in node.keywords if node.func.attr == "update"}
            listed = {
                part.value
                for argument in (*node.args, *(keyword.value for keyword in node.keywords))
                for part in ast.walk(argument)
                if node.func.attr == "bulk_update" and isinstance(part, ast.Constant)
            }
            # refresh_from_db lifts the protection of the state for every thread while it reads (django-fsm-2 4.2).
            if (named | listed) & fields or node.func.attr == "refresh_from_db":
                found.append(node.lineno)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            touched = re.search(r"\bUPDATE\s+(connections|fieldwork|billing)_\w+\s+SET\b(.*)", node.value, re.S | re.I)
            if touched and any(re.search(rf"\b{field}\b", touched[2]) for field in fields):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_no_state_is_written_past_the_one_door(package: str) -> None:
    # The adapter's own Message and Callback have a plain `state`: rows of a queue, not lives.
    fields = {"fulfillment_state"} if package == "beckn_adapter" else {"fulfillment_state", "state"}

    writes = {name_of(path): state_writes(tree_of(path), fields=fields) for path in python_files(package)}

    assert {name: lines for name, lines in writes.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "Application.objects.filter(pk=1).update(fulfillment_state='APPROVED')",
        "document.visits.update(reason='x', state='CANCELLED')",
        "Visit.objects.bulk_update(visits, ['reason', 'state'])",
        "Visit.objects.bulk_update(visits, fields=['state'])",
        "document.refresh_from_db()",
        "cursor.execute('UPDATE connections_application SET reason = %s, fulfillment_state = %s')",
    ],
)
def test_a_write_past_the_one_door_is_caught(source: str) -> None:
    assert state_writes(ast.parse(source), fields={"fulfillment_state", "state"}) == [1]


def fsm_fields() -> list[object]:
    return [
        pytest.param(model, field, id=f"{model.__name__}.{field.name}")
        for room in ROOMS
        for model in apps.get_app_config(room).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FSMField)
    ]


@pytest.mark.parametrize(("model", "field"), fsm_fields())
def test_every_state_is_protected_and_backed_by_the_database(model: type[models.Model], field: FSMField) -> None:
    known = {(f"{field.name}__in", tuple(value for value, _ in field.choices))}
    checks = [
        {(name, tuple(values)) for name, values in constraint.condition.children if name.endswith("__in")}
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
        and all(isinstance(child, tuple) for child in constraint.condition.children)
    ]

    assert field.protected
    assert not field.editable
    assert known in checks


def test_no_money_and_no_figure_is_kept_as_a_float() -> None:
    floats = [
        f"{model.__name__}.{field.name}"
        for room in ROOMS
        for model in apps.get_app_config(room).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField)
    ]

    assert floats == []


# --- Said where it is read ------------------------------------------------------------------------------------------


def test_every_module_says_what_it_is_for() -> None:
    modules = [path for path in python_files(*PACKAGES) if path.stem not in {"__init__", "apps"}]

    assert [name_of(path) for path in modules if path.read_text() and not ast.get_docstring(tree_of(path))] == []


def test_every_public_service_and_pure_function_says_its_rule() -> None:
    ruled = [path for path in python_files(*ROOMS) if path.stem == "services" or name_of(path) in PURE]
    silent = [
        f"{name_of(path)}: {function.name}"
        for path in ruled
        for function in tree_of(path).body
        if isinstance(function, Function) and not function.name.startswith("_") and not ast.get_docstring(function)
    ]

    assert silent == []


def test_every_model_says_what_a_row_is() -> None:
    silent = [
        f"{room}.{model.__name__}"
        for room in ROOMS
        for model in apps.get_app_config(room).get_models()
        if (model.__doc__ or "").startswith(f"{model.__name__}(")  # Django's own stopgap
    ]

    assert silent == []


def commands() -> list[str]:
    return [name_of(path) for path in python_files(*PACKAGES) if "commands" in path.parts and path.stem[0] != "_"]


@pytest.mark.parametrize("module", commands())
def test_every_command_says_what_it_does(module: str) -> None:
    command: BaseCommand = importlib.import_module(module.removesuffix(".py").replace("/", ".")).Command()

    assert command.help


def settings_read_from_the_environment() -> list[str]:
    """Names in `env.<type>("NAME")`, `os.environ["NAME"]` and `os.environ.get("NAME")` of config/settings.py."""
    text = (ROOT / "config" / "settings.py").read_text()
    return sorted(set(re.findall(r'(?:env\.\w+\(|environ\.get\(|environ\[)\s*"([A-Z_]+)"', text)))


def test_every_setting_read_from_the_environment_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else ""
    names = settings_read_from_the_environment()

    assert {"DATABASE_URL", "SERVICEDROP_VAR", "LOG_LEVEL"} <= set(names)
    assert [name for name in names if not re.search(rf"\b{name}\b", readme)] == []


# --- Where it may be built ------------------------------------------------------------------------------------------


def test_no_file_names_a_package_registry() -> None:
    """Which registry a package comes from is the business of whoever builds, not of the project."""
    hosts = ["pypi_org", "pythonhosted_org", "npmjs_org", "npmjs_com", "yarnpkg_com", "crates_io", "proxy_golang_org"]
    named = re.compile("|".join(host.replace("_", r"\.") for host in hosts) + r"|(index-url|find-links)[ =]\s*\w+:")
    texts = {name_of(path): path.read_bytes().decode(errors="ignore") for path in project_files()}

    assert [name for name, text in texts.items() if named.search(text)] == []
