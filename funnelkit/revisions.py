"""Files as a git revision has them, without a checkout."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from funnelkit.errors import FunnelkitError, did_you_mean

_FILES = (b"100644", b"100755")
_SHALLOW = "this clone has no history: `git fetch --unshallow`; in a workflow, `fetch-depth: 0`"


@dataclass(frozen=True)
class Repository:
    """A git repository by the folder of its working tree."""

    root: Path

    @classmethod
    def of(cls, folder: Path) -> "Repository":
        """The repository that a folder lies in; raises FunnelkitError where there is none."""
        found = _git(folder, "rev-parse", "--show-toplevel")
        if found is None:
            raise FunnelkitError(
                f"{folder.name} is in no git repository",
                "name two folders of reports instead: funnelkit diff ../before/reports reports",
            )
        return cls(Path(os.fsdecode(found.rstrip(b"\n"))))

    def commit(self, revision: str) -> str:
        """The commit that a revision names; raises FunnelkitError for one that nothing has."""
        known = not revision.startswith("-")
        found = _git(self.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if not known or found is None:
            near = did_you_mean(revision, self._names()) or "commit the reports first"
            hint = _SHALLOW if self._is_shallow() else near
            raise FunnelkitError(f"no revision or folder is called {revision!r}", hint)
        return found.decode().strip()

    def fork(self, one: str, other: str) -> str:
        """The commit at which two revisions parted; raises FunnelkitError where they share none."""
        commits = self.commit(one), self.commit(other)
        found = _git(self.root, "merge-base", *commits)
        if found is None:
            raise FunnelkitError(
                f"{one} and {other} have no commit in common",
                "fetch all history, `git fetch --unshallow`, or name one revision",
            )
        return found.decode().strip()

    def files(self, commit: str, folder: Path, names: Sequence[str] = ()) -> dict[str, bytes]:
        """Every file below a folder of the working tree, by its path from there, as of a commit.

        `names`: of these files and folders in it only. Links and submodules are left out; a folder
        that the commit does not have is empty.
        """
        inside = folder.relative_to(self.root).as_posix()
        listed = self._listed(commit, "" if inside == "." else f"{inside}/", names)
        contents = self._contents([sha for _, sha in listed])
        return {path: content for (path, _), content in zip(listed, contents, strict=True)}

    def _listed(self, commit: str, prefix: str, names: Sequence[str]) -> list[tuple[str, bytes]]:
        places = [prefix + name for name in names] or ([prefix] if prefix else [])
        out = _git(self.root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *places) or b""
        found = []
        for line in out.split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, _, sha = about.split(b" ")
            if mode in _FILES:
                found.append((os.fsdecode(path).removeprefix(prefix), sha))
        return found

    def _contents(self, shas: list[bytes]) -> Iterator[bytes]:
        out = _git(self.root, "cat-file", "--batch", given=b"".join(s + b"\n" for s in shas)) or b""
        at = 0
        for _ in shas:
            end = out.index(b"\n", at)
            size = int(out[at:end].split(b" ")[2])
            yield out[end + 1 : end + 1 + size]
            at = end + size + 2

    def _is_shallow(self) -> bool:
        found = _git(self.root, "rev-parse", "--is-shallow-repository") or b""
        return found.strip() == b"true"

    def _names(self) -> list[str]:
        names = ("refs/heads", "refs/tags", "refs/remotes")
        out = _git(self.root, "for-each-ref", "--format=%(refname:short)", *names) or b""
        return out.decode("utf-8", "replace").split()


def _git(folder: Path, *args: str, given: bytes = b"") -> bytes | None:
    """What git prints; None where it refuses. Raises FunnelkitError without git."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *args]
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise FunnelkitError(
            "git is not installed", "name two folders of reports instead of revisions"
        ) from None
    return done.stdout if done.returncode == 0 else None
