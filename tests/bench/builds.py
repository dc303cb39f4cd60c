# SPDX-License-Identifier: Apache-2.0
"""Time, size and memory of `quoin build`, beside mksquashfs alone, a chain of the usual tools, and
squashfs-tools-ng, in turn, on one tar of a Debian root."""

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from releases import BUILD, OUT, REPOSITORY, Built, keys, run, squashfs_of, tell

ROUNDS = 3
#: Of medians of wall time, unless said otherwise.
TARGETS = {
    "quoin / mksquashfs alone": 1.05,
    "quoin / chain of tools": 0.70,
    "size of the root / mksquashfs's": 1.01,
    "verity / quoin": 0.03,
    "one changed file / quoin": 0.12,
    "nothing changed / quoin": 0.10,
}
PEAK_MEMORY = 256 << 20
BUILDS_OF_QUOIN = ["quoin", "quoin, filling a cache", "nothing changed", "one changed file"]

ARCHIVE = "http://deb.debian.org/debian"
PACKAGES = ["systemd-sysv", "dbus", "linux-image-cloud-amd64", "openssh-server", "python3", "curl",
            "ca-certificates", "iproute2"]
LEVEL = 15
BLOCK_SIZE = 128 << 10
CHANGED_FILE = "./usr/bin/curl"

WORK = OUT / "builds"
TAR = REPOSITORY / ".cache/bench/builds/root.tar"
TREE = WORK / "tree"

_RECIPE = f"""\
[image]
id = "bench"
version = "1.0.0"
architecture = "x86-64"

[root]
tar = "{{tar}}"
compression_level = {LEVEL}
block_size = "{BLOCK_SIZE}"
"""

_RAUC_MANIFEST = """\
[update]
compatible=bench
version=1

[bundle]
format=verity

[image.rootfs]
filename=rootfs.img

[image.boot]
filename=boot.img
"""


@dataclass(frozen=True)
class Cost:
    wall: float
    processor: float
    peak: int  # bytes, of the largest process


def timed(*command, source: Path | str = os.devnull) -> Cost:
    """One program, its children included; `source` is its standard input."""
    started = time.monotonic()
    with open(WORK / "log", "w+b") as log, open(source, "rb") as standard_input:
        process = subprocess.Popen([str(word) for word in command], stdin=standard_input,
                                   stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            sys.exit(f"{command[0]}: status {process.returncode}\n{log.read().decode()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)


def total(*costs: Cost) -> Cost:
    return Cost(sum(c.wall for c in costs), sum(c.processor for c in costs), max(c.peak for c in costs))


def make_root() -> None:
    """The prepared tar: without the distribution's initrd, which no tool here would use."""
    if TAR.exists():
        return
    print("making the root ...", file=sys.stderr, flush=True)
    TAR.parent.mkdir(parents=True, exist_ok=True)
    unfinished = TAR.with_suffix(".partial")
    mode = "root" if os.geteuid() == 0 else "unshare"
    run("mmdebstrap", f"--mode={mode}", "--format=tar", "--variant=minbase",
        f"--include={','.join(PACKAGES)}", '--customize-hook=rm "$1"/boot/initrd.img*',
        "bookworm", unfinished, f"deb {ARCHIVE} bookworm main")
    unfinished.rename(TAR)


def unpack(tree: Path) -> Cost:
    tree.mkdir(parents=True)
    # As far as the user may: owners need root, and none of the tools' times depends on them.
    return timed("tar", "--numeric-owner", "--xattrs", "-xpf", TAR, "-C", tree)


def root_tar_without_boot() -> Path:
    """What ends in the root, for the tool that reads a tar."""
    path = WORK / "root.tar"
    run("tar", "--sort=name", "--xattrs", "-cf", path, "-C", TREE, ".")
    return path


def tar_with_changed_file(number: int) -> Path:
    path = WORK / "changed.tar"
    with tarfile.open(TAR) as old, tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as new:
        for entry in old:
            content = old.extractfile(entry) if entry.isreg() else None
            if entry.name == CHANGED_FILE:
                data = content.read() + b"changed %d" % number
                entry.size = len(data)
                content = io.BytesIO(data)
            new.addfile(entry, content)
    return path


def mksquashfs(tree: Path, image: Path) -> Cost:
    image.unlink(missing_ok=True)
    return timed("mksquashfs", tree, image, "-comp", "zstd", "-Xcompression-level", LEVEL,
                 "-b", BLOCK_SIZE, "-noappend", "-no-progress", "-quiet", "-processors", os.cpu_count())


def gensquashfs(image: Path) -> Cost:
    return timed("gensquashfs", "--pack-dir", TREE, "--compressor", "zstd", "--comp-extra",
                 f"level={LEVEL}", "--block-size", BLOCK_SIZE, "--num-jobs", os.cpu_count(),
                 "--force", "--quiet", image)


def tar2sqfs(tar: Path, image: Path) -> Cost:
    return timed("tar2sqfs", "--compressor", "zstd", "--comp-extra", f"level={LEVEL}",
                 "--block-size", BLOCK_SIZE, "--num-jobs", os.cpu_count(), "--force", "--quiet", image,
                 source=tar)


def quoin(recipe: Path, *options) -> Cost:
    return timed(BUILD / "builder/quoin", "build", recipe, "-o", WORK / "built", "--keys", keys(),
                 "--quiet", *options)


def recipe_for(tar: Path) -> Path:
    path = WORK / f"{tar.stem}.toml"
    path.write_text(_RECIPE.format(tar=tar))
    return path


class Chain:
    """Unpack, mksquashfs, veritysetup, a partitioned disk image, a bundle: one tool after another."""

    def __init__(self):
        self.directory = WORK / "chain"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir()
        self._key, self._certificate = self.directory / "key.pem", self.directory / "certificate.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
            "-subj", "/CN=bench", "-keyout", self._key, "-out", self._certificate)

    def run(self) -> Cost:
        tree = self.directory / "tree"
        content = self.directory / "content"
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir()
        root, verity = content / "rootfs.img", self.directory / "verity.img"
        disk, bundle = self.directory / "disk.raw", self.directory / "bench.raucb"
        for path in (verity, disk, bundle):
            path.unlink(missing_ok=True)

        costs = [unpack(tree)]
        shutil.move(next((tree / "boot").glob("vmlinuz-*")), content / "boot.img")
        shutil.rmtree(tree / "boot")
        costs.append(mksquashfs(tree, root))
        costs.append(timed("veritysetup", "format", root, verity))
        costs.append(self._disk(disk, root, verity))
        (content / "manifest.raucm").write_text(_RAUC_MANIFEST)
        costs.append(timed("rauc", "bundle", f"--cert={self._certificate}", f"--key={self._key}",
                           content, bundle))
        costs.append(timed("sync", disk, bundle))  # as far as `quoin build` goes, too
        shutil.rmtree(tree)
        return total(*costs)

    @staticmethod
    def _disk(disk: Path, root: Path, verity: Path) -> Cost:
        """An ESP, root and hash tree, both slots' room."""
        mebibytes = -(-root.stat().st_size >> 20) + 1
        starts = {"esp": 1, "root": 257, "verity": 257 + mebibytes}
        with open(disk, "wb") as file:
            file.truncate((257 + 2 * mebibytes + 64) << 20)
        layout = WORK / "layout"
        layout.write_text(f"label: gpt\nstart=1MiB, size=256MiB, type=uefi\n"
                          f"start={starts['root']}MiB, size={mebibytes}MiB\n"
                          f"start={starts['verity']}MiB, size=16MiB\n")
        costs = [timed("sfdisk", "--quiet", disk, source=layout),
                 timed("mkfs.vfat", "-F", "32", "--offset", "2048", disk, 256 << 10)]
        for name, image in (("root", root), ("verity", verity)):
            costs.append(timed("dd", f"if={image}", f"of={disk}", "bs=1M", f"seek={starts[name]}",
                               "conv=notrunc"))
        return total(*costs)


def report_of_build() -> dict:
    return json.loads((WORK / "built/bench_1.0.0.json").read_text())


def one_round(number: int, chain: Chain, plain_tar: Path) -> dict[str, Cost]:
    """Each tool once, each output new."""
    recipe, changed = recipe_for(TAR), recipe_for(tar_with_changed_file(number))
    cache = WORK / "cache"
    shutil.rmtree(WORK / "built", ignore_errors=True)
    tools = {
        "mksquashfs alone": lambda: mksquashfs(TREE, WORK / "mksquashfs.img"),
        "quoin": lambda: quoin(recipe),
        "chain of tools": chain.run,
        "gensquashfs": lambda: gensquashfs(WORK / "gensquashfs.img"),
        "tar2sqfs": lambda: tar2sqfs(plain_tar, WORK / "tar2sqfs.img"),
        "quoin, filling a cache": lambda: quoin(recipe, "--cache", cache),
        "nothing changed": lambda: quoin(recipe, "--cache", cache),
        "one changed file": lambda: quoin(changed, "--cache", cache),
    }
    if number > 0:
        del tools["quoin, filling a cache"]
    costs = {}
    for name, tool in tools.items():
        os.sync()  # what another tool left in the page cache is not this one's to write
        costs[name] = tool()
    return costs


def verity_cost() -> float:
    """Seconds that hashing the root takes as the builder does it, on one processor."""
    root = squashfs_of(Built(WORK / "built", report_of_build()))
    return float(run(BUILD / "tests/bench/verity_time", root, report_of_build()["root_size"]))


def measure(rounds: int) -> dict:
    make_root()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    unpack(TREE)
    shutil.rmtree(TREE / "boot")
    plain_tar = root_tar_without_boot()
    chain = Chain()
    costs: dict[str, list[Cost]] = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds} ...", file=sys.stderr, flush=True)
        for name, cost in one_round(number, chain, plain_tar).items():
            costs.setdefault(name, []).append(cost)
    medians = {name: Cost(statistics.median(c.wall for c in each),
                          statistics.median(c.processor for c in each), max(c.peak for c in each))
               for name, each in costs.items()}
    wall = {name: cost.wall for name, cost in medians.items()}
    return {
        "tar": TAR.stat().st_size,
        "rounds": rounds,
        "medians": {name: vars(cost) for name, cost in medians.items()},
        "sizes": {"quoin": report_of_build()["root_size"],
                  **{name: (WORK / f"{name}.img").stat().st_size
                     for name in ("mksquashfs", "gensquashfs", "tar2sqfs")}},
        "ratios": {
            "quoin / mksquashfs alone": wall["quoin"] / wall["mksquashfs alone"],
            "quoin / chain of tools": wall["quoin"] / wall["chain of tools"],
            "size of the root / mksquashfs's":
                report_of_build()["root_size"] / (WORK / "mksquashfs.img").stat().st_size,
            "verity / quoin": verity_cost() / wall["quoin"],
            "one changed file / quoin": wall["one changed file"] / wall["quoin"],
            "nothing changed / quoin": wall["nothing changed"] / wall["quoin"],
        },
    }


def print_table(result: dict) -> int:
    print(f"tar of {result['tar'] / 1e6:.0f} MB, zstd level {LEVEL}, blocks of {BLOCK_SIZE >> 10} KiB, "
          f"{os.cpu_count()} processors; medians of {result['rounds']} rounds in turn\n")
    print(f"{'':34}{'wall':>9}{'processor':>12}{'peak':>12}")
    for name, cost in result["medians"].items():
        print(f"{name:34}{cost['wall']:7.1f} s{cost['processor']:10.1f} s{cost['peak'] >> 20:8} MiB")
    print("\nroot image, bytes: " + ", ".join(f"{n} {s:,}" for n, s in result["sizes"].items()) + "\n")
    missed = 0
    for name, ratio in result["ratios"].items():
        kept = ratio <= TARGETS[name]
        missed += not kept
        print(f"{name:34}{ratio:9.3f}   target {TARGETS[name]:.2f}   {'ok' if kept else 'MISSED'}")
    peak = max(result["medians"][name]["peak"] for name in BUILDS_OF_QUOIN)
    missed += peak > PEAK_MEMORY
    print(f"{'peak memory of quoin':34}{peak >> 20:5} MiB   target {PEAK_MEMORY >> 20}    "
          f"{'ok' if peak <= PEAK_MEMORY else 'MISSED'}")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.rounds)
    return tell("builds", result, lambda: print_table(result), options.json)


if __name__ == "__main__":
    sys.exit(main())
