"""Who imports whom in a package, and the circles in that: between files, and between folders.

Every import counts, those within functions and those under `TYPE_CHECKING` too: a circle that only the type checker
sees is one for whoever reads the code. A file that stands directly in the package stands for itself among folders.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

Graph = Mapping[str, set[str]]


def module_graph(package: Path) -> dict[str, set[str]]:
    """The modules of a package, and which others of it each one imports.

    :param package: its folder; names begin with the folder's name.
    """
    files = {_module_name(package, file): file for file in sorted(package.rglob("*.py"))}
    return {name: set(_imported(name, file, files)) - {name} for name, file in files.items()}


def folder_graph(modules: Graph) -> dict[str, set[str]]:
    """The same between the folders directly below the package."""
    folders: dict[str, set[str]] = {}
    for name, imported in modules.items():
        own = _folder(name)
        folders.setdefault(own, set()).update({_folder(other) for other in imported} - {own})
    return folders


def cycles(graph: Graph) -> list[list[str]]:
    """Groups of nodes that all reach each other (Tarjan's strongly connected components of two or more)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = lowest[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], index[other])
        if lowest[node] == index[node]:
            start = stack.index(node)
            group = sorted(stack[start:])
            del stack[start:]
            if len(group) > 1:
                groups.append(group)

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return groups


def file_cycles(package: Path) -> list[list[str]]:
    """Circles of files in a package."""
    return cycles(module_graph(package))


def folder_cycles(package: Path) -> list[list[str]]:
    """Circles of folders in a package."""
    return cycles(folder_graph(module_graph(package)))


def _module_name(package: Path, file: Path) -> str:
    parts = [package.name, *file.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _folder(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _imported(name: str, file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """What a file imports: `from package import module` is the module, a name within a module is that module."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                if whole in known:
                    yield whole
                elif source in known:
                    yield source
