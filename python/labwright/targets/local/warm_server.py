"""The process that steps fork from. Run by an environment's interpreter as
`python -u -c <this source> <control fd> <reports fd>`; standard library only, Python 3.8 or later.

It imports what steps will need, then forks a child for each request: Python code in a fresh
`__main__`, or any other command. A child costs milliseconds, because nothing is imported again.

Control is a Unix socket with one JSON object a line, file descriptors going along:
    {"op": "hold"}, fd                    keep the descriptor open (the run's lock)
    {"op": "preload"}, fd                 run {"source"}, then import {"modules"}
    {"op": "run", "id"}, five fds         the request, both ends of stdout's and stderr's pipes
    {"op": "kill", "id", "signal"}        signal a child and all its descendants
Reports go back the same way: {"hello"}, {"id", "pid"}, {"id", "status"}.

When the control socket closes, the engine is gone: children that are about to end may do so and
have their end written down, the others are killed. No step outlives its engine.
"""

from __future__ import annotations

import array
import builtins
import gc
import json
import os
import select
import signal
import socket
import sys
import time
import types
from typing import Any, NoReturn

GRACE = 1.0
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


class Child:
    """`readers`: the reading ends of its pipes, kept so that printing does not fail it in the
    moment between the engine's death and its own end."""

    def __init__(self, id: int, exit_file: str, readers: tuple[int, int]) -> None:
        self.id = id
        self.exit_file: str | None = exit_file
        self.readers = readers


class Server:
    def __init__(self, control: int, reports: int) -> None:
        self.control = socket.socket(fileno=control)
        self.reports = reports
        self.pid = os.getpid()
        self.text = b""
        self.descriptors: list[int] = []
        self.held: list[int] = []
        self.children: dict[int, Child] = {}  # by pid
        self.modules: list[Any] = []
        self.env = dict(os.environ)
        self.open = True

    def serve(self) -> None:
        self.woken, waker = os.pipe()
        self.waker = waker
        os.set_blocking(waker, False)
        os.set_blocking(self.woken, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.report({"hello": {"version": sys.version.split()[0], "packages": packages(sys.path)}})
        while self.open:
            self.turn(0 if self.modules else None)
            if self.modules:
                load(self.modules.pop(0))
        self.wind_down()

    def turn(self, timeout: float | None) -> None:
        sources: list[Any] = [self.control, self.woken]
        ready, _, _ = select.select(sources, [], [], timeout)
        if self.woken in ready:
            try:
                os.read(self.woken, 4096)
            except BlockingIOError:
                pass
            self.reap()
        if self.control in ready:
            self.receive()

    def receive(self) -> None:
        room = socket.CMSG_SPACE(16 * array.array("i").itemsize)
        try:
            data, extra, _, _ = self.control.recvmsg(65536, room)
        except ConnectionError:
            data, extra = b"", []
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received: array.array[int] = array.array("i")
                received.frombytes(content[: len(content) - len(content) % received.itemsize])
                self.descriptors.extend(received)
        if not data:
            self.open = False
            return
        *lines, self.text = (self.text + data).split(b"\n")
        for line in lines:
            self.handle(json.loads(line))

    def handle(self, message: dict[str, Any]) -> None:
        operation = message["op"]
        if operation == "hold":
            self.held.append(self.descriptors.pop(0))
        elif operation == "preload":
            wanted = read_json(self.descriptors.pop(0))
            if wanted["source"]:
                self.modules.append(wanted)
            self.modules += wanted["modules"]
        elif operation == "run":
            request, *pipes = self.descriptors[:5]
            del self.descriptors[:5]
            content = read_json(request)
            self.load_first(content["modules"])
            self.fork(message["id"], content, pipes)
        elif operation == "kill":
            for pid, child in list(self.children.items()):
                if child.id == message["id"]:
                    kill_tree(pid, message["signal"])

    def load_first(self, needed: list[str]) -> None:
        """Have what a step needs loaded before it forks; what only others need can wait."""
        if needed:
            now = [one for one in self.modules if not isinstance(one, str) or one in needed]
            self.modules = [one for one in self.modules if one not in now]
            for one in now:
                load(one)

    def fork(self, id: int, request: dict[str, Any], pipes: list[int]) -> None:
        gc.collect(0)
        gc.freeze()
        # From Python 3.12 on a fork warns when threads exist. The only ones here are those of
        # BLAS libraries, which stop and restart theirs around a fork.
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self.be_child(request, pipes)
        own_group(pid)
        out_reader, out, err_reader, err = pipes
        os.close(out)
        os.close(err)
        self.children[pid] = Child(id, request["exit_file"], (out_reader, err_reader))
        self.report({"id": id, "pid": pid})

    def be_child(self, request: dict[str, Any], pipes: list[int]) -> NoReturn:
        code = 1
        try:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self.pid:
                os._exit(1)
            own_group(0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.dup2(pipes[1], 1)
            os.dup2(pipes[3], 2)
            others = [end for child in self.children.values() for end in child.readers]
            own = (self.reports, self.woken, self.waker, *self.held, *self.descriptors)
            for descriptor in (*pipes, *others, *own):
                os.close(descriptor)
            self.control.close()
            os.chdir(request["cwd"])
            # What preloading set, it set for the steps.
            loaded = {k: v for k, v in os.environ.items() if self.env.get(k) != v}
            os.environ.clear()
            os.environ.update({**request["env"], **loaded})
            time.tzset()
            if request["kind"] == "exec":
                code = execute(request["argv"])
            else:
                code = run(request["source"], request["argv"])
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid not in self.children:
                continue
            child = self.children.pop(pid)
            kill_group(pid)
            for reader in child.readers:
                os.close(reader)
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            if child.exit_file:
                write_exit(child.exit_file, code)
            self.report({"id": child.id, "status": code})

    def report(self, message: dict[str, Any]) -> None:
        try:
            os.write(self.reports, json.dumps(message).encode() + b"\n")
        except OSError:
            pass  # the engine is gone; the control socket says so

    def wind_down(self) -> None:
        deadline = time.monotonic() + GRACE
        self.reap()
        while self.children and time.monotonic() < deadline:
            select.select([self.woken], [], [], 0.01)
            self.reap()
        # What these children leave behind is not an end that they came to.
        for child in self.children.values():
            child.exit_file = None
        for pid in descendants(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while self.children:
            self.reap()
            time.sleep(0.005)


def read_json(descriptor: int) -> Any:
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return json.loads(file.read())


def load(wanted: Any) -> None:
    """Import a module, or run a piece of source; a step that needs it will say what is wrong."""
    try:
        if isinstance(wanted, str):
            __import__(wanted)
        else:
            scope = {"__name__": "labwright_preload"}
            exec(compile(wanted["source"], "<preload>", "exec", dont_inherit=True), scope)
    except BaseException:
        pass


def packages(places: list[str]) -> list[str]:
    """What is installed, as the names of the folders that say so."""
    found: set[str] = set()
    for place in places:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        found.update(n for n in names if n.endswith((".dist-info", ".egg-info", ".egg-link")))
    return sorted(found)


def execute(argv: list[str]) -> int:
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # Python ignores these, and a command inherits that
    try:
        os.execvpe(argv[0], argv, os.environ)
    except OSError as error:
        sys.stderr.write(f"cannot run {argv[0]}: {error.strerror}\n")
        return 126 if isinstance(error, PermissionError) else 127


def run(source: str, argv: list[str]) -> int:
    """Run code as `python -c` would, and end as the interpreter would."""
    import atexit
    import threading

    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()  # Python reseeds its own generator in a child; numpy does not
    keep = sys.modules["__main__"]
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main
    sys.argv = ["-c", *argv]
    code = 0
    try:
        exec(compile(source, "<string>", "exec", dont_inherit=True), main.__dict__)
    except SystemExit as error:
        code = exit_code(error)
    except BaseException as error:
        own = error.__traceback__  # the frame of this function, which is nobody's business
        error = error.with_traceback(own.tb_next if own else None)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException:
        code = code or 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            code = code or 120
    del keep
    return code


def exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    sys.stderr.write(f"{error.code}\n")
    return 1


def write_exit(path: str, code: int) -> None:
    """Write down how a step ended, at once and whole, so that a new engine can go on from it."""
    try:
        with open(path + ".new", "w") as file:
            json.dump({"status": code}, file)
        os.replace(path + ".new", path)
    except OSError:
        pass  # a full disk; the engine is told over the pipe


def descendants(pid: int) -> list[int]:
    """The processes below this one, whatever session they moved to."""
    children: dict[int, list[int]] = {}
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    for name in names:
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    todo = [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def kill_tree(pid: int, number: int) -> None:
    below = descendants(pid) if number == signal.SIGKILL else []
    kill_group(pid, number)
    for one in below:
        try:
            os.kill(one, number)
        except (ProcessLookupError, PermissionError):
            pass


def own_group(pid: int) -> None:
    """Make a child the leader of its group; both sides do it, so neither has to wait."""
    try:
        os.setpgid(pid, pid)
    except (ProcessLookupError, PermissionError):
        pass


def kill_group(pid: int, number: int = signal.SIGKILL) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


if __name__ == "__main__":
    Server(int(sys.argv[1]), int(sys.argv[2])).serve()
