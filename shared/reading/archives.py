"""ZIP archives: which members they have, whether they are honest, and their bytes one by one.

An archive with a member that could write elsewhere, or that unpacks to far more than it is, is
refused as a whole. A member that merely cannot be read is refused alone, by name.
"""

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode
from shared.reading.refusals import refusing_broken

SUFFIX = ".zip"
MAGICS = (b"PK\x03\x04", b"PK\x05\x06")

MOST_MEMBERS = 10_000
#: What file systems and file managers add; nobody means them.
_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
#: Honest pictures do not shrink to a two-hundredth; what is small may.
_LARGEST_RATIO = 200
_SMALL = 1 << 20
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
#: Ways to pack that are not unpacked: some take gigabytes of memory for it.
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ"}
_HEADER_BYTES = 30  #: Of a member at least, before its bytes.


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; `problem` says why it is refused alone."""

    name: str  #: Without the folders it lies in.
    path: str
    size: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """A member that was written to a file of its own."""

    path: Path
    sha256: str
    size: int
    too_large: bool


def is_archive(path: Path, filename: str) -> bool:
    """Tell whether the file is a ZIP and says so: many a document is a ZIP inside."""
    with path.open("rb") as file:
        return filename.lower().endswith(SUFFIX) and file.read(4) in MAGICS


class Archive:
    """An opened ZIP whose members were looked at; raises RejectedFileError naming *filename*."""

    def __init__(self, path: Path, filename: str, *, max_unpacked: int) -> None:
        self._filename = filename
        try:
            self._zip = ZipFile(path)
        except Exception as broken:  # Of a hostile directory it raises nearly anything.
            raise _refused(filename, "is damaged or cut off") from broken
        for each in self._zip.infolist():
            _check_place(filename, each)
        found = [each for each in self._zip.infolist() if _is_meant(each)]
        self._check(found, path.stat().st_size, max_unpacked)
        seen: set[str] = set()
        self._members = [(each, _member_of(each, seen)) for each in found]
        if all(member.problem for _, member in self._members):
            raise _refused(filename, f"has nothing that can be read: {_first_reason(self.members)}")

    @property
    def members(self) -> list[Member]:
        """The files of the archive, in its order."""
        return [member for _, member in self._members]

    def extract(self, position: int, target: Path, *, max_bytes: int) -> Extracted:
        """Write member number *position* to *target*, of a large one only the beginning."""
        info, member = self._members[position]
        if member.problem is not None:
            raise RejectedFileError(member.problem, code=RejectionCode.ARCHIVE_REFUSED)
        digest, size = hashlib.sha256(), 0
        with target.open("wb") as output:
            for piece in self._pieces(info, member.name):
                size += len(piece)
                digest.update(piece)
                output.write(piece)
                if size > max_bytes:
                    break
        return Extracted(target, digest.hexdigest(), size, too_large=size > max_bytes)

    def _pieces(self, info: ZipInfo, name: str) -> Iterator[bytes]:
        # What cannot be unpacked is the file's fault, what cannot be written is not.
        with refusing_broken(name), self._zip.open(info) as source:
            while piece := source.read(_CHUNK):
                yield piece

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _check(self, found: list[ZipInfo], stored_bytes: int, max_unpacked: int) -> None:
        """Refuse the archive as a whole, before anything is unpacked."""
        if not found:
            raise _refused(self._filename, "holds no files")
        if len(found) > MOST_MEMBERS:
            raise _refused(
                self._filename, f"holds {len(found):,} files; at most {MOST_MEMBERS:,} are taken"
            )
        for each in found:
            if each.file_size > max(_SMALL, _LARGEST_RATIO * each.compress_size):
                raise _refused(
                    self._filename, f"unpacks to more than {_LARGEST_RATIO} times its size"
                )
        unpacked = sum(each.file_size for each in found)
        if unpacked > max_unpacked:
            raise _refused(self._filename, f"unpacks to {unpacked:,} bytes, more than is allowed")
        _check_apart(self._filename, found, stored_bytes)


def _is_meant(info: ZipInfo) -> bool:
    parts = info.filename.split("/")
    hidden = any(part in _LITTER or (part.startswith(".") and set(part) != {"."}) for part in parts)
    return not info.is_dir() and not hidden


def _check_place(filename: str, info: ZipInfo) -> None:
    """Refuse the archive for a member, meant or not, that would be written elsewhere."""
    # The name as it is written: zipfile cuts it off at a NUL and turns backslashes round.
    name = info.orig_filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\\" in name:
        raise _refused(filename, "has a member that points outside of its folder")
    if any(ord(letter) < ord(" ") for letter in name):
        raise _refused(filename, "has a member whose name holds control characters")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _refused(filename, "has a member that is a link")


def _check_apart(filename: str, found: list[ZipInfo], stored_bytes: int) -> None:
    """Refuse members that share bytes: so a small file unpacks to any size."""
    end = 0
    for info in sorted(found, key=lambda each: each.header_offset):
        if info.header_offset < end:
            raise _refused(filename, "has members that lie over one another")
        end = info.header_offset + _HEADER_BYTES + info.compress_size
    if end > stored_bytes:
        raise _refused(filename, "is damaged or cut off")


def _member_of(info: ZipInfo, seen: set[str]) -> Member:
    path = info.filename
    name = path.rpartition("/")[2]
    problem = _problem_of(info, name, repeated=path in seen)
    seen.add(path)
    return Member(name, path, info.file_size, problem)


def _problem_of(info: ZipInfo, name: str, *, repeated: bool) -> str | None:
    if repeated:
        return f"The archive holds {info.filename} twice; the first was taken. Rename the other."
    if info.flag_bits & _ENCRYPTED:
        return f"{name} is encrypted. Pack it without a password and upload that archive."
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        method = _METHODS.get(info.compress_type, "an unusual method")
        return f"{name} is packed with {method}. Pack it as a plain ZIP (deflate) and upload that."
    return None


def _first_reason(members: list[Member]) -> str:
    return next((member.problem for member in members if member.problem), "").rstrip(".")


def _refused(filename: str, reason: str) -> RejectedFileError:
    return RejectedFileError(
        f"{filename} {reason}, so nothing of it was taken. "
        "Pack the images alone into a new ZIP and upload that.",
        code=RejectionCode.ARCHIVE_REFUSED,
    )
