"""The layering holds, and each rule can refuse: planted in a copy, every contract breaks."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hyperpersonal_sdk.wheels import parse_lock

ROOT = Path(__file__).parents[2]
MEMBERS = ("sdk", "runtime", "core", "registry", "marketplace", "web/server")
PACKAGES = {
    "hyperpersonal_" + name: ROOT / folder / ("hyperpersonal_" + name)
    for folder, name in zip(
        MEMBERS, ("sdk", "runtime", "core", "registry", "marketplace", "web"), strict=True
    )
}

# contract name -> (package, module to plant in, forbidden import)
PLANTED = {
    "One way down: web, marketplace, registry or billing, core, runtime, sdk": (
        "hyperpersonal_core",
        "import hyperpersonal_registry",
    ),
    "The registry sees of the core only kit and events": (
        "hyperpersonal_registry",
        "import hyperpersonal_core.turns",
    ),
    "wasmtime lives in runtime.wasm": ("hyperpersonal_runtime", "import wasmtime"),
    "nats lives in core.kit.bus": ("hyperpersonal_web", "import nats"),
    "pgvector lives in core.memory": ("hyperpersonal_web", "import pgvector"),
    "obstore lives in registry.s3_blobs": ("hyperpersonal_web", "import obstore"),
    "Vendors of models, shops and payment are not known here": (
        "hyperpersonal_core",
        "import anthropic, openai, stripe",
    ),
    "HTTP stays at the edge": ("hyperpersonal_core", "import litestar"),
    "The SDK needs no server": ("hyperpersonal_sdk", "import sqlalchemy"),
    "Inside a slice: http, service, repository, models": (
        "hyperpersonal_core",
        "import hyperpersonal_core.tenants.service",
    ),
}


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(root / member) for member in MEMBERS)
    return subprocess.run(
        [
            Path(sys.executable).parent / "lint-imports",
            "--config",
            root / "pyproject.toml",
            "--no-cache",
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and the contracts, somewhere else."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for member in MEMBERS:
        for package in (ROOT / member).glob("hyperpersonal_*"):
            shutil.copytree(
                package,
                tmp_path / member / package.name,
                ignore=lambda _, names: [
                    n for n in names if n == "__pycache__" or ("." in n and not n.endswith(".py"))
                ],
            )
    return tmp_path


def test_that_every_contract_is_kept() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_that_every_contract_refuses_a_planted_import(copy: Path) -> None:
    for package, statement in PLANTED.values():
        folder = next(copy.rglob(package))
        module = "planted.py"
        if "tenants.service" in statement:
            folder, module = folder / "tenants", "models.py"
        path = folder / module
        before = path.read_text() if path.exists() else ""
        path.write_text(f"{before}\n{statement}\n")
    done = _lint(copy)
    broken = {
        line.rsplit(" BROKEN", 1)[0].strip()
        for line in done.stdout.splitlines()
        if " BROKEN" in line
    }
    assert broken == set(PLANTED), done.stdout + done.stderr


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return names


def _public(name: str) -> bool:
    package, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    if package == "hyperpersonal_sdk":  # the SDK is a library: every module of it is public
        return True
    return first in {"api", "kit", "events"} or name in {
        "hyperpersonal_runtime.ports",
        "hyperpersonal_core.migrations",
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_that_other_packages_are_entered_by_their_front_door(package: str) -> None:
    """Across packages only `<package>.api`, `.kit` and `.events` are imported (wiring excepted)."""
    intruders = []
    for path in PACKAGES[package].rglob("*.py"):
        if package == "hyperpersonal_web":
            continue  # the composition root knows everybody: that is its job
        intruders += [
            f"{path.relative_to(ROOT)}: {name}"
            for name in _imports(path)
            if name.startswith("hyperpersonal_")
            and not name.startswith(package)
            and not _public(name)
        ]
    assert intruders == []


def _locked(plugin: Path) -> set[str]:
    """The modules a native plugin's own wheels bring: those its lock names."""
    lock = plugin / "requirements.lock"
    pins = parse_lock(lock.read_text()) if lock.exists() else []
    return {pin.name.replace("-", "_") for pin in pins}


def test_that_a_plugin_imports_only_the_sdk_itself_and_its_wheels() -> None:
    allowed = {"hyperpersonal_sdk"} | set(sys.stdlib_module_names)
    strangers = []
    for path in (ROOT / "plugins").glob("*/hyperpersonal_plugin_*/**/*.py"):
        _, plugin, own = path.relative_to(ROOT).parts[:3]
        theirs = {own} | _locked(ROOT / "plugins" / plugin)
        strangers += [
            f"{path.relative_to(ROOT)}: {name}"
            for name in _imports(path)
            if name.split(".")[0] not in allowed | theirs
        ]
    assert strangers == []


def test_that_importing_the_server_loads_no_plugin() -> None:
    code = (
        "import sys, hyperpersonal_web.asgi, hyperpersonal_web.wiring;"
        "print([m for m in sys.modules if m.startswith('hyperpersonal_plugin')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
