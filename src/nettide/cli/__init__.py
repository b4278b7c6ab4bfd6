"""The command line: ``nettide VERB``; each verb lives in its own file, imported when it is called."""

from __future__ import annotations

import io
import os
import sys
import warnings

_INTERRUPTED = 130


def main() -> None:
    """Run the command line: exit status 0; 1 for our own errors, one line on stderr; 2 for usage; 130 after Ctrl-C."""
    from nettide.cli.app import app
    from nettide.errors import NettideError, StoppedError

    # threads of PyTorch that wait by spinning made training 10 times slower beside other work on the same cores;
    # it must be said before PyTorch is imported
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 is no reason to fail
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")  # libraries warn programmers; -W and PYTHONWARNINGS show it
        try:
            try:
                app(prog_name="nettide")
            finally:
                sys.stdout.flush()  # while what refuses it can still be said
        except StoppedError as error:
            _fail(str(error), status=_INTERRUPTED)
        except NettideError as error:
            _fail(str(error))
        except BrokenPipeError:  # whoever read our output has seen enough
            _drop_output()
            sys.exit(1)
        except OSError as error:
            _drop_output()
            _fail(f"the system refused: {error}")
        except SystemExit as ended:
            if ended.code == _INTERRUPTED:
                sys.stderr.write("nettide: stopped by Ctrl-C; no file is left half written\n")
            raise


def _drop_output() -> None:
    """Let what cannot be printed go nowhere, or Python would fail on it once more when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str, *, status: int = 1) -> None:
    sys.stderr.write(f"nettide: {sentence}\n")
    sys.exit(status)
