#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills a compress run at random moments with SIGKILL and resumes it.

Usage: kill_resume.py RANKSCOPE_CLI MODEL [TIMES [SEED]]
Every time the run file must open with every layer in it that the killed command had called finished, and the resumed
command must end with the numbers of an undisturbed run and the same model, byte for byte.
"""
import filecmp
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

OPTIONS = ["--keep", "0.5", "--quant-bits", "8", "-v"]
FINISHED = re.compile(r"^(\S+): rank \d+, cosine", re.MULTILINE)


class Bench:
    def __init__(self, cli, model, folder):
        self.cli, self.model, self.folder = cli, model, pathlib.Path(folder)
        self.environment = dict(os.environ, RANKSCOPE_CACHE_DIR="")  # nothing may come from elsewhere than the run file

    def command(self, name):
        return [self.cli, "compress", self.model, str(self.folder / name), "--run", str(self.folder / f"{name}.h5"),
                "--json", *OPTIONS]

    def run(self, name):
        command = self.command(name)
        if (self.folder / name / "rankscope.json").exists():  # killed after the export was in place, before the exit
            command.append("--overwrite")
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True)
        if done.returncode != 0:
            sys.exit(f"{name}: exit status {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)["layers"], len(FINISHED.findall(done.stderr))

    def kill_after(self, name, seconds):
        """The layers that the command called finished before it was killed; None when it was faster."""
        process = subprocess.Popen(self.command(name), env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(seconds)
        process.kill()
        said = process.communicate()[1]
        return FINISHED.findall(said) if process.returncode == -9 else None

    def recorded(self, name):
        """The compressed layers in the run file; it must open if it was there at all."""
        if not (self.folder / f"{name}.h5").exists():
            return set()
        printed = subprocess.run([self.cli, "report", str(self.folder / f"{name}.h5"), "-o",
                                  str(self.folder / f"{name}.csv"), "--json"], stdout=subprocess.PIPE, check=True).stdout
        return {layer["name"] for layer in json.loads(printed)["layers"] if layer.get("rank")}

    def same_model(self, name, other):
        files = sorted(path.name for path in (self.folder / name).iterdir())
        assert files == sorted(path.name for path in (self.folder / other).iterdir())
        return all(filecmp.cmp(self.folder / name / file, self.folder / other / file, shallow=False) for file in files)


def main(cli, model, times=50, seed=1):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(cli, model, folder)
        begin = time.monotonic()
        expected, layers = bench.run("undisturbed")
        lasts = time.monotonic() - begin
        kills = with_layers = missing = different = 0
        while kills < times:
            name = f"killed-{kills}"
            moment = chance.uniform(0, lasts)
            finished = bench.kill_after(name, moment)
            if finished is None:
                lasts *= 0.95
                subprocess.run(["rm", "-rf", *map(str, bench.folder.glob(name + "*"))], check=True)
                continue
            kills += 1
            with_layers += bool(finished)
            missing += len(set(finished) - bench.recorded(name))
            resumed, _ = bench.run(name)
            different += resumed != expected or not bench.same_model(name, "undisturbed")
            print(f"kill {kills} after {moment:.2f} s: {len(finished)} layers finished, so far {missing} missing, "
                  f"{different} resumed runs differ", file=sys.stderr, flush=True)
            subprocess.run(["rm", "-rf", *map(str, bench.folder.glob(name + "*"))], check=True)
        print(f"{kills} kills within {lasts:.2f} s of a run over {layers} layers, {with_layers} of them after finished layers: "
              f"every run file opened, {missing} finished layers missing, {different} resumed runs with other numbers or files")
        return 0 if missing == 0 and different == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
