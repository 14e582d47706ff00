"""Writing a new project's files, all or none."""

import re
import textwrap
from pathlib import Path

import yaml

from funnelkit import paths
from funnelkit.errors import FunnelkitError

_DBT_PROJECT = """\
name: {name}
version: '1.0'
profile: funnelkit
config-version: 2
flags: {{send_anonymous_usage_stats: false}}

model-paths: [models]

# What funnelkit counts. `funnelkit definitions` says it in words.
vars:
  funnelkit:
{block}
"""
_PACKAGES = """\
# `funnelkit` sets the variable; for a plain `dbt`, run `eval "$(funnelkit env)"` once.
packages:
  - local: "{{ env_var('FUNNELKIT_DBT') }}"
"""
_GITIGNORE = """\
# built or downloaded
/build/
target/
logs/
dbt_packages/
package-lock.yml
.user.yml
*.duckdb
*.duckdb.wal

# private: raw logs and lists of people; reports have a data/ of their own, which is reviewed
/data/
/private/
"""
_GITATTRIBUTES = """\
reports/** linguist-documentation text eol=lf
reports/**/*.html -linguist-generated diff=html
"""
_TAKEN = ("funnelkit", "dbt", "dbt_duckdb")


def check_new(directory: Path, name: str) -> None:
    """Raises FunnelkitError if a project of this name cannot be written there; writes nothing."""
    targets = [directory / path for path in _files(_checked_name(name), "")]
    _refuse(directory, [file for file in targets if file.exists() or file.is_symlink()])


def _refuse(directory: Path, taken: list[Path]) -> None:
    if taken:
        names = ", ".join(sorted(file.relative_to(directory).as_posix() for file in taken))
        raise FunnelkitError(
            f"{directory}: already has {names}", "choose a new folder; nothing was written"
        )


def write_project(directory: Path, name: str, funnelkit_vars_yaml: str) -> tuple[Path, ...]:
    """Writes a project's dbt_project.yml, packages.yml, .gitignore, .gitattributes and models/.

    `funnelkit_vars_yaml` is the text under `vars: funnelkit:`, at any indentation; its comments
    stay. Returns the written files. Raises FunnelkitError, having written nothing, if one of them
    exists, if `name` is no dbt name, or if the text is not a YAML mapping.
    """
    files = _files(_checked_name(name), _checked_block(funnelkit_vars_yaml))
    targets = {directory / path: text for path, text in files.items()}
    try:
        taken = [file for file in targets if file.exists() or file.is_symlink()]
        if not taken:
            _write_all(targets)
    except OSError as error:
        raise FunnelkitError(
            f"{directory}: cannot be written: {error.strerror}", "nothing was written"
        ) from error
    _refuse(directory, taken)
    return tuple(targets)


def sample_vars() -> str:
    """The sample's definitions as YAML text, comments kept: the block under `vars: funnelkit:`.

    Taken from the packaged dbt_project.yml, indented by nothing.
    """
    return vars_block((paths.root("dbt") / "dbt_project.yml").read_text(encoding="utf-8"))


def vars_block(text: str) -> str:
    """The lines under `vars: funnelkit:` in a dbt_project.yml's text, word for word, dedented.

    Raises FunnelkitError if the block is missing or not in block style.
    """
    key = _key_node(yaml.compose(text, Loader=yaml.SafeLoader), ("vars", "funnelkit"))
    lines = text.splitlines()
    block: list[str] = []
    if key is not None:
        for line in lines[key.start_mark.line + 1 :]:
            if line.strip() and len(line) - len(line.lstrip(" ")) <= key.start_mark.column:
                break
            block.append(line)
    body = textwrap.dedent("\n".join(block)).strip("\n")
    if not body:
        raise FunnelkitError("dbt_project.yml: no block under vars: funnelkit:")
    return body + "\n"


def with_setting(text: str, name: str, value: str) -> str:
    """A dbt_project.yml's text with `name: 'value'` under `vars: funnelkit:`, once.

    Raises FunnelkitError if there is no such block.
    """
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    block = _value_node(_value_node(document, "vars"), "funnelkit")
    if not isinstance(block, yaml.MappingNode) or not block.value:
        raise FunnelkitError("dbt_project.yml: no block under vars: funnelkit:")
    old = _value_node(block, name)
    if old is not None:
        return f"{text[: old.start_mark.index]}'{value}'{text[old.end_mark.index :]}"
    first = block.value[0][0].start_mark
    after = ", " if block.flow_style else "\n" + " " * first.column
    return f"{text[: first.index]}{name}: '{value}'{after}{text[first.index :]}"


def _value_node(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)


def _key_node(node: yaml.Node | None, keys: tuple[str, ...]) -> yaml.Node | None:
    found: yaml.Node | None = None
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        found, node = next(((k, v) for k, v in node.value if k.value == key), (None, None))
    return found


def _checked_name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name not in _TAKEN:
        return name
    why = "is taken by a package" if name in _TAKEN else "has to be letters, digits and '_'"
    raise FunnelkitError(f"project name {name!r} {why}", "use a name such as 'shop'")


def _checked_block(text: str) -> str:
    body = textwrap.dedent(text).strip("\n")
    try:
        value = yaml.safe_load(body)
    except (yaml.YAMLError, ValueError) as error:
        raise FunnelkitError(f"definitions are not valid YAML: {error}") from None
    if not isinstance(value, dict):
        raise FunnelkitError("definitions have to be a YAML mapping", "for example `funnels: …`")
    return textwrap.indent(body, " " * 4)


def _files(name: str, block: str) -> dict[str, str]:
    return {
        "dbt_project.yml": _DBT_PROJECT.format(name=name, block=block),
        "packages.yml": _PACKAGES,
        ".gitignore": _GITIGNORE,
        ".gitattributes": _GITATTRIBUTES,
        "models/.gitkeep": "",
    }


def _write_all(targets: dict[Path, str]) -> None:
    """Every file beside its place first; then all are renamed, or none stays."""
    done: list[Path] = []
    made = [folder for file in targets for folder in _missing(file.parent)]
    try:
        for file, text in targets.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = _beside(file)
            done.append(beside)
            beside.write_text(text, encoding="utf-8", newline="\n")
        for file in targets:
            _beside(file).rename(file)
            done.append(file)
    except BaseException:
        for file in done:
            file.unlink(missing_ok=True)
        for folder in sorted(set(made), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _missing(folder: Path) -> list[Path]:
    missing = []
    while not folder.exists() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    return missing


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.part")
