"""Debian's `openstack`, one command after the other, without the second that each start of it takes.

The imports are done once; each command then runs in a fork of this process, by the entry point that /usr/bin/openstack
has, with arguments, environment and streams of its own. Nothing of a command stays for the next one.

A line of JSON on stdin, {"argv": [...], "env": {...}}, is answered by one on stdout, {"code", "stdout", "stderr"}. The
first line on stdout lists the sub-commands of `openstack baremetal` that the installed client has.
"""

import contextlib
import importlib
import importlib.metadata
import io
import json
import logging
import os
import sys
import tempfile

import openstackclient.shell
from ironicclient.v1.utils import PROVISION_ACTIONS

GROUP = "openstack.baremetal.v1"
# What a command loads once it speaks to the service.
LATE = ("ironicclient.client", "ironicclient.v1.client", "openstack.connection", "keystoneauth1.loading._plugins.noauth",
        "keystoneauth1.loading._plugins.http_basic", "keystoneauth1.loading._plugins.identity.generic")
# Between two looks of `--wait`: 2 or 10 in the client, which has machines in mind that start.
LOOK_SECONDS = 0.5


def load():
    """Loads what a command would, for all of them; as little as possible of it stays but the modules."""
    for entry in importlib.metadata.entry_points(group=GROUP):
        entry.load()
    for name in LATE:
        importlib.import_module(name)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        openstackclient.shell.main(["baremetal", "node", "show", "--help"])
    logging.getLogger().handlers.clear()
    for waiting in filter(None, PROVISION_ACTIONS.values()):
        waiting["poll_interval"] = LOOK_SECONDS


def run_here(argv, env):
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["openstack"] + argv
    try:
        code = openstackclient.shell.main(argv)
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def run(argv, env):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            code = 255
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                code = run_here(argv, env)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        texts = []
        for each in (out, err):
            each.seek(0)
            texts.append(each.read().decode("utf-8", "replace"))
    return {"code": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}


def say(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main():
    load()
    entries = importlib.metadata.entry_points(group=GROUP)
    say(sorted({entry.name.replace("_", " ") for entry in entries}))
    for line in sys.stdin:
        asked = json.loads(line)
        say(run(asked["argv"], asked["env"]))


main()
