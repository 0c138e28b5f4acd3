"""Where the lake lies: a folder, or a bucket of an object store that speaks S3.

A path of a bucket has the methods of pathlib (universal-pathlib over s3fs), so whoever names, lists or removes files
need not know which it is. What differs is here: how a file is replaced in one step, and how one is read. An object is
put and got whole, in one request each, so that nobody sees half of one.
"""

import errno
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from thor_web.thordata.errors import StorageError

__all__ = ["bucket_files", "is_bucket", "lake_place", "reached", "readable", "replaced"]

BUCKET: Final = "s3://"


def lake_place(address: str) -> Path:
    """The path of a folder, or of s3://BUCKET/PREFIX; the keys and the endpoint of that come from AWS_* variables.

    Raises StorageError `no_object_store` where what speaks S3 is not installed.
    """
    if not address.startswith(BUCKET):
        return Path(address)
    try:
        import s3fs  # noqa: F401, PLC0415 - whether it is there; most installations have no bucket
        from upath import UPath  # noqa: PLC0415
    except ImportError as error:
        raise StorageError("no_object_store", f"{address} needs `pip install 'thor[s3]'`: {error}") from error
    # What others wrote meanwhile must be seen.
    return cast("Path", UPath(address.rstrip("/"), use_listings_cache=False))


def is_bucket(path: Path) -> bool:
    """Whether a path is one of a bucket."""
    return not isinstance(path, Path)


def bucket_files(path: Path) -> Any:
    """The fsspec file system of a path of a bucket."""
    return cast("Any", path).fs


def readable(path: Path) -> Path | BinaryIO:
    """What PyArrow and Polars can read a file from: its path, or all of an object's bytes as they are now."""
    if not is_bucket(path):
        return path
    with reached(path):
        return io.BytesIO(bucket_files(path).cat_file(str(path)))


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file to write that takes the place of another one in one step, if nothing fails before.

    Raises StorageError `lake_full` or `no_object_store`.
    """
    try:
        with (_put if is_bucket(path) else _renamed)(path) as unfinished:
            yield unfinished
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StorageError(
                "lake_full", f"{path}: no room is left ({error.strerror}); the old file stands"
            ) from error
        raise


@contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        _flush(unfinished)
        unfinished.replace(path)
        _flush(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _put(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="thor-lake-") as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        with reached(path):
            bucket_files(path).put_file(str(unfinished), str(path))


@contextmanager
def reached(path: Path) -> Iterator[None]:
    """Whatever an object store refuses within it, or that it is away, is a StorageError `no_object_store`."""
    if not is_bucket(path):
        yield
        return
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - where there is a bucket it is installed

    try:
        yield
    except (BotoCoreError, PermissionError, ConnectionError) as error:
        raise StorageError("no_object_store", f"{path}: {' '.join(str(error).split())}") from error


def _flush(path: Path) -> None:
    """Bring a file's content, or a folder's names, to disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder; its names are safe without
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
