"""Ctrl-C and SIGTERM end a command at any moment."""

import signal
import subprocess
import sys
import textwrap

import pytest

# The signal arrives while the callback of a weak reference runs.
SWALLOWING = """
    import time
    import weakref
    from brandmelder.stopping import Stopped, listen_for_stops
    listen_for_stops()
    class Thing:
        pass
    def slow(_reference):
        print("los", flush=True)
        end = time.perf_counter() + 1
        while time.perf_counter() < end:
            pass
    try:
        thing = Thing()
        reference = weakref.ref(thing, slow)
        del thing
        time.sleep(20)
        print("ohne Halt zu Ende")
    except Stopped:
        print("angehalten")
"""
OTHER_FAULT = """
    from brandmelder.stopping import listen_for_stops
    listen_for_stops()
    class Thing:
        def __del__(self):
            raise ValueError("im Finalisierer")
    Thing()
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_python_swallows_is_raised_again(how):
    command = [sys.executable, "-c", textwrap.dedent(SWALLOWING)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "los\n"
        child.send_signal(how)
        told, errors = child.communicate(timeout=60)
    assert (told, errors, child.returncode) == ("angehalten\n", "", 0)


def test_other_faults_of_finalisers_are_still_shown():
    command = [sys.executable, "-c", textwrap.dedent(OTHER_FAULT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "ValueError: im Finalisierer" in done.stderr
