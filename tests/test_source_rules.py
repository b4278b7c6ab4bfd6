"""What no file of the source may hold, and what each must; read from the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nettide

SOURCE = Path(nettide.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
UNSAFE_MODULES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
UNSAFE_CALLS = {
    "eval": "eval runs text as code",
    "exec": "exec runs text as code",
    "compile": "compile makes code of text",
    "torch.load": "torch.load unpickles; use safetensors",
    "torch.save": "torch.save pickles; use safetensors",
    "torch.jit.load": "torch.jit.load runs what it loads",
    "yaml.load": "yaml.load builds any object; use yaml.safe_load",
    "yaml.unsafe_load": "yaml.unsafe_load builds any object; use yaml.safe_load",
    "yaml.full_load": "yaml.full_load builds objects; use yaml.safe_load",
    "pandas.read_pickle": "read_pickle unpickles",
    "pd.read_pickle": "read_pickle unpickles",
    "os.system": "os.system runs a shell",
}


def dotted(node: ast.expr) -> str:
    """The name of an expression such as ``torch.load``; empty for others."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def faults_of_import(node: ast.AST) -> Iterator[str]:
    modules: list[str] = []
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        modules = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    for module in modules:
        if module.partition(".")[0] in UNSAFE_MODULES:
            yield f"imports {module}, which runs what it loads"
        if module in UNSAFE_CALLS:
            yield UNSAFE_CALLS[module]


def faults_of_call(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    name = dotted(node.func)
    if name in UNSAFE_CALLS:
        yield UNSAFE_CALLS[name]
    if name.rpartition(".")[2] == "import_module" and node.args and isinstance(node.args[0], ast.Constant):
        module = str(node.args[0].value)
        if module.partition(".")[0] in UNSAFE_MODULES:
            yield f"imports {module}, which runs what it loads"
    for keyword in node.keywords:
        literal = keyword.value.value if isinstance(keyword.value, ast.Constant) else object()
        if keyword.arg == "allow_pickle" and literal is not False:
            yield "allow_pickle runs what it loads"
        if keyword.arg == "shell" and literal is not False:
            yield "shell=True runs a shell"


def faults_of_handler(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.ExceptHandler):
        return
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
    for kind in kinds:
        if kind is None or dotted(kind) == "Exception":
            yield "catches every Exception; name those that can come"
        if kind is not None and dotted(kind) == "BaseException" and not raises_again:
            yield "catches BaseException without raising it again"


def faults_of_text(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and dotted(node.func) in ("print", "logging.basicConfig", "breakpoint"):
        yield f"{dotted(node.func)} belongs to the command line"
    if isinstance(node, ast.Raise) and node.exc is not None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if dotted(raised) in ("Exception", "NotImplementedError", "RuntimeError"):
            yield f"raises {dotted(raised)}; raise an error of errors.py"


def faults(source: str, *, is_cli: bool) -> list[str]:
    """What is wrong with a source text, each with its line."""
    checks: list[Callable[[ast.AST], Iterator[str]]] = [faults_of_import, faults_of_call, faults_of_handler]
    if not is_cli:
        checks.append(faults_of_text)
    tree = ast.parse(source)
    found = [
        f"line {getattr(node, 'lineno', 0)}: {fault}"
        for node in ast.walk(tree)
        for check in checks
        for fault in check(node)
    ]
    if not ast.get_docstring(tree):
        found.append("line 1: does not begin with a docstring that states its purpose")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_source_file_keeps_the_rules(path: Path) -> None:
    assert not faults(path.read_text(), is_cli="cli" in path.relative_to(SOURCE).parts)


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "import joblib.externals",
        "from pickle import loads",
        "from torch import load",
        "from yaml import load",
        "importlib.import_module('pickle')",
        "torch.load(path)",
        "torch.load(path, weights_only=True)",
        "yaml.load(text, Loader=yaml.SafeLoader)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "eval('1')",
        "exec('1')",
        "subprocess.run(text, shell=True)",
        "os.system('ls')",
        "pd.read_pickle(path)",
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept (ValueError, Exception) as error:\n    raise",
        "try:\n    f()\nexcept BaseException:\n    f()",
        "print('x')",
        "raise NotImplementedError",
        "raise RuntimeError('x')",
    ],
)
def test_each_rule_finds_its_fault(line: str) -> None:
    assert len(faults(f'"""Purpose."""\n{line}\n', is_cli=False)) >= 1


@pytest.mark.parametrize(
    "line",
    [
        "np.load(path, allow_pickle=False)",
        "yaml.safe_load(text)",
        "model.eval()",
        "re.compile('x')",
        "safetensors.numpy.load(content)",
        "try:\n    f()\nexcept (ValueError, KeyError):\n    pass",
        "try:\n    f()\nexcept BaseException:\n    f()\n    raise",
    ],
)
def test_what_is_allowed_passes(line: str) -> None:
    assert not faults(f'"""Purpose."""\n{line}\n', is_cli=False)


def test_a_file_without_a_docstring_is_found_and_the_command_line_may_print() -> None:
    assert faults("x = 1\n", is_cli=True) == ["line 1: does not begin with a docstring that states its purpose"]
    assert not faults('"""Purpose."""\nprint(1)\n', is_cli=True)


def test_all_of_the_source_is_read() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import nettide", ("torch", "pyarrow", "plotly", "pandas", "polars", "narwhals")),
        ("import nettide.models", ("torch",)),
        ("import nettide.models.naive", ("torch", "plotly")),
        ("import nettide.store.models, nettide.store.checkpoint", ("torch", "plotly")),
    ],
)
def test_heavy_libraries_are_imported_on_use(statement: str, heavy: tuple[str, ...]) -> None:
    script = f"import sys; {statement}; print(*[name for name in {heavy!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == ""
