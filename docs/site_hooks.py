"""Hooks of the site: a page of the API reference for each folder of a package, and Mermaid without a CDN."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [ROOT / "plugins" / "airflow_personalize", ROOT / "plugins" / "encore", ROOT / "localpersonalize"]
# Put there by `make docs` where npm is at hand; without it the theme asks a CDN when a page with a diagram is opened.
MERMAID = ROOT / ".encore" / "site" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
SCRIPT = "javascripts/mermaid.min.js"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    reference = [{package.name: [{title: uri} for title, uri, _ in _pages(package)]} for package in PACKAGES]
    config.nav = [*(config.nav or []), {"API reference": reference}]
    if MERMAID.exists():
        config.extra_javascript.append(SCRIPT)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for package in PACKAGES:
        for _, uri, text in _pages(package):
            files.append(File.generated(config, uri, content=text))
    if MERMAID.exists():
        files.append(File.generated(config, SCRIPT, abs_src_path=str(MERMAID)))
    return files


def _pages(package: Path) -> list[tuple[str, str, str]]:
    """Title, address and text: one page for the files directly in a package, one for each folder below."""
    modules = sorted(file.stem for file in package.glob("*.py") if not file.stem.startswith("__"))
    own = "\n\n".join(f"::: {package.name}.{name}" for name in modules)
    folders = sorted(file.parent.name for file in package.glob("*/__init__.py"))
    return [
        (package.name, f"api/{package.name}/index.md", f"# {package.name}\n\n{own}\n"),
        *(
            (f"{package.name}.{name}", f"api/{package.name}/{name}.md", _folder(package, name))
            for name in folders
        ),
    ]


def _folder(package: Path, name: str) -> str:
    return f"# {package.name}.{name}\n\n::: {package.name}.{name}\n"
