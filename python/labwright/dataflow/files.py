"""Files that steps write and read: an order between steps that no variable shows."""

from __future__ import annotations

import ast
import posixpath
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .constants import constant_text

if TYPE_CHECKING:
    from .calls import Arguments
    from .context import Context

Mode = Literal["read", "write", "import"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True)
class FileUse:
    """One use of a path; None when the path is not known."""

    mode: Mode
    path: str | None


# Last part of a call's name -> (mode, position of the path). "rw" is both.
_BY_POSITION: dict[str, tuple[str, int]] = {
    **dict.fromkeys(
        _words(
            """
        read_csv read_parquet read_json read_excel read_feather read_pickle read_table
        read_hdf read_orc read_stata read_xml scan_csv scan_parquet scan_ipc scan_ndjson
        read_ipc read_ndjson read_text read_bytes loadtxt genfromtxt fromfile
        imread load_model load_weights open_dataset open_mfdataset read_file read_image
        listdir scandir walk exists isfile isdir getsize getmtime read_avro
        load_from_checkpoint
        """
        ),
        ("r", 0),
    ),
    **dict.fromkeys(
        _words(
            """
        to_csv to_parquet to_json to_excel to_feather to_pickle to_hdf to_orc to_stata
        to_xml to_latex to_markdown write_csv write_parquet write_json write_ipc
        write_ndjson write_excel sink_parquet sink_csv savefig imsave savez
        savez_compressed savetxt tofile write_image write_html save_model save_weights
        save_pretrained to_netcdf to_zarr makedirs mkdir rmtree remove unlink rmdir touch
        extractall make_archive to_file truncate
        """
        ),
        ("w", 0),
    ),
    **dict.fromkeys(
        _words(
            """
        rename replace_file copy copy2 copyfile copytree move symlink
        """
        ),
        ("rw", 0),
    ),
    "to_sql": ("w", 1),
}
# What opens a file in a mode: qualified name -> (position of the mode, mode when none is given).
_OPENERS: dict[str, tuple[int, str]] = {
    **dict.fromkeys(("open", "io.open", "codecs.open", "gzip.open", "bz2.open"), (1, "r")),
    **dict.fromkeys(("lzma.open", "zipfile.ZipFile", "tarfile.open", "h5py.File"), (1, "r")),
    "numpy.memmap": (2, "r+"),
}
_WITH_MODULE: dict[str, tuple[str, int]] = {
    "numpy.save": ("w", 0),
    "numpy.load": ("r", 0),
    "joblib.dump": ("w", 1),
    "joblib.load": ("r", 0),
    "torch.save": ("w", 1),
    "torch.load": ("r", 0),
    "PIL.Image.open": ("r", 0),
    "os.chdir": ("r", 0),
    "glob.glob": ("r", 0),
    "glob.iglob": ("r", 0),
    "sqlite3.connect": ("rw", 0),
    "shelve.open": ("rw", 0),
    "pyarrow.parquet.read_table": ("r", 0),
    "pyarrow.parquet.write_table": ("w", 1),
    "os.rename": ("rw", 0),
    "os.replace": ("rw", 0),
    "subprocess.run": ("rw", 99),
    "subprocess.call": ("rw", 99),
    "subprocess.check_call": ("rw", 99),
    "subprocess.check_output": ("rw", 99),
    "subprocess.Popen": ("rw", 99),
    "os.system": ("rw", 99),
    "os.popen": ("rw", 99),
}
# Methods that name a file only because they stand on a path.
_PATH_METHODS: dict[str, str] = {
    **dict.fromkeys(
        _words(
            """
        read_text read_bytes exists is_file is_dir iterdir glob rglob stat
        """
        ),
        "r",
    ),
    **dict.fromkeys(
        _words(
            """
        write_text write_bytes mkdir touch unlink rmdir
        """
        ),
        "w",
    ),
    "rename": "rw",
    "replace": "rw",
}
# Methods too common to be told from others by name alone: they count when given text.
_SAVE_METHODS = _words(
    """
    save save_checkpoint dump_model export_graphviz save_raw
    """
)
_PLAIN_METHODS = _words(
    """
    copy rename replace remove truncate exists move walk
    """
)


def note_call(qualified: str, arguments: Arguments, ctx: Context, *, on_module: bool) -> None:
    """Record the files a call reads or writes, as far as its name tells."""
    node = arguments.node
    if node is None:
        return
    last = qualified.rpartition(".")[2]
    if qualified in _OPENERS:
        _note_open(node, _argument(node, 0), *_OPENERS[qualified], ctx)
        return
    if last == "open" and not on_module and _is_path(node, ctx):
        assert isinstance(node.func, ast.Attribute)
        _note_open(node, node.func.value, 0, "r", ctx)
        return
    rule = _WITH_MODULE.get(qualified)
    if rule is None and not on_module and last in _PATH_METHODS and _is_path(node, ctx):
        assert isinstance(node.func, ast.Attribute)
        _note(_PATH_METHODS[last], _text(node.func.value, ctx), ctx)
        return
    if rule is None and not (last in _PLAIN_METHODS and not on_module):
        rule = _BY_POSITION.get(last)
    if rule is None and last in _SAVE_METHODS and node.args:
        rule = ("w", 0)
    if rule is not None and _names_a_file(rule, node):
        mode, position = rule
        _note(mode, _text(_argument(node, position), ctx), ctx)


def _names_a_file(rule: tuple[str, int], node: ast.Call) -> bool:
    # `df.to_csv()` without a path gives text.
    return rule[1] == 99 or _argument(node, rule[1]) is not None


def _argument(node: ast.Call, position: int) -> ast.expr | None:
    if position < len(node.args):
        return node.args[position]
    for keyword in node.keywords:
        if keyword.arg in (
            "path",
            "path_or_buf",
            "filepath_or_buffer",
            "file",
            "fname",
            "filename",
            "dst",
        ):
            return keyword.value
    return None


def _note_open(
    node: ast.Call, path: ast.expr | None, position: int, default: str, ctx: Context
) -> None:
    mode: ast.expr | None = node.args[position] if len(node.args) > position else None
    for keyword in node.keywords:
        if keyword.arg == "mode":
            mode = keyword.value
    if mode is None:
        text = default
    elif isinstance(mode, ast.Constant) and isinstance(mode.value, str):
        text = mode.value
    else:
        text = "r+"
    writes, both = bool(set(text) & set("wx")), bool(set(text) & set("+a"))
    _note("rw" if both else "w" if writes else "r", _text(path, ctx), ctx)


def _is_path(node: ast.Call, ctx: Context) -> bool:
    return isinstance(node.func, ast.Attribute) and (
        _text(node.func.value, ctx) is not None
        or node.func.attr in ("read_text", "write_text", "write_bytes")
    )


def _text(node: ast.expr | None, ctx: Context) -> str | None:
    return constant_text(node, ctx)


def _note(modes: str, path: str | None, ctx: Context) -> None:
    if path is not None and "://" in path:
        return  # not a file of this machine
    normal = posixpath.normpath(path) if path else None
    if "r" in modes:
        ctx.unit.files.append(FileUse("read", normal))
    if "w" in modes:
        ctx.unit.files.append(FileUse("write", normal))


def note_import(module: str, ctx: Context) -> None:
    """An import reads a file beside the notebook, should an earlier step have written one."""
    root = module.partition(".")[0]
    if root and root not in sys.stdlib_module_names:
        ctx.unit.files.append(FileUse("import", f"{root}.py"))
        ctx.unit.files.append(FileUse("import", root))


def conflict(earlier: list[FileUse], later: list[FileUse]) -> bool:
    """Whether the order of two units matters: one writes what the other reads or writes."""
    return any(_ordered(a, b) for a in earlier for b in later)


def _ordered(a: FileUse, b: FileUse) -> bool:
    if "write" not in (a.mode, b.mode):
        return False
    if "import" in (a.mode, b.mode) and (a.path is None or b.path is None):
        return False  # imports are everywhere: only a file known to be the module counts
    return _overlap(a.path, b.path)


def _overlap(a: str | None, b: str | None) -> bool:
    if a is None or b is None:
        return True
    a, b = a.partition("*")[0], b.partition("*")[0]
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    return long.startswith(short.rstrip("/") + "/") or short in ("", ".")
