# SPDX-License-Identifier: Apache-2.0
"""Power on: firmware, loader, early userspace, again after each reboot, until a system runs or
nothing ever will."""

from dataclasses import dataclass, field
from pathlib import Path

from . import loader, partitions
from .fat import Fat, FatError
from .uki import PeError, SignatureCheck, read_headers
from .verity import VerityCheck

_LOADER = "/EFI/BOOT/BOOTX64.EFI"
_ENTRIES = "/EFI/Linux"
#: Slot names by the number of the root partition; the tree lies in the next one.
_SLOTS = {2: "a", 4: "b"}


@dataclass(frozen=True)
class Listed:
    """An entry, and whether the system that it starts is whole."""

    entry: loader.Entry
    slot: str | None  # where its root is named
    whole: bool  # signed, complete, its root in a slot and every block of it readable

    @property
    def root_hash(self) -> str | None:
        root = self.entry.program.root
        return root.hash if root else None


@dataclass(frozen=True)
class Outcome:
    """What becomes of power on. No slot: nothing runs, ever; `end` says why."""

    slot: str | None = None
    root_hash: str | None = None
    failures: tuple[str, ...] = ()  # entries whose boot ended in a reboot before that
    end: str = ""
    uncounted: bool = False  # it started without its try being counted

    @property
    def dead(self) -> bool:
        return self.slot is None


@dataclass(frozen=True)
class Observation:
    """Everything that the model sees in a state."""

    outcome: Outcome
    listed: tuple[Listed, ...] = ()  # in the loader's order
    tables: tuple[bool, bool] = (False, False)  # primary, backup valid
    unlisted: tuple[str, ...] = ()  # names in /EFI/Linux that the loader skips
    data: tuple[int, int] | None = None  # offset and size of the data partition


@dataclass
class EspContent:
    """What was found on an ESP: each file of /EFI/Linux, with what the loader lists it as."""

    files: dict[str, loader.Program | None]
    loader_starts: bool


@dataclass
class PowerOn:
    """The model over one disk object: it remembers what it found out about parts of the disk."""

    disk: object
    signatures: SignatureCheck
    _programs: dict = field(default_factory=dict)
    _verity: VerityCheck | None = None

    def __post_init__(self):
        self._verity = VerityCheck(self.disk)

    @staticmethod
    def over(disk, certificate: Path) -> "PowerOn":
        return PowerOn(disk, SignatureCheck(certificate))

    def observe(self) -> Observation:
        """Of the state in which the disk is now. Changes nothing."""
        tables = partitions.read_tables(self.disk)
        valid = (tables.primary is not None, tables.backup_as_said is not None)
        table = tables.for_firmware
        if table is None:
            return Observation(Outcome(end="firmware finds no partition table"), tables=valid)
        esp = table.of_type(partitions.ESP_TYPE)
        if esp is None:
            return Observation(Outcome(end="firmware finds no ESP"), tables=valid)
        data = next(((p.start, p.size) for p in table.partitions
                     if p.type == partitions.LINUX_TYPE and p.label == "data"), None)
        try:
            found = self._read_esp(Fat(self.disk, esp.start, esp.size))
        except FatError as damage:
            return Observation(Outcome(end=f"the ESP: {damage}"), tables=valid, data=data)
        return self.choose(found, tables, data)

    def choose(self, esp: EspContent, tables: partitions.Tables, data) -> Observation:
        valid = (tables.primary is not None, tables.backup_as_said is not None)
        entries = [loader.Entry.named(name, program) for name, program in esp.files.items()
                   if program]
        listed = tuple(self._judge(entry, tables) for entry in loader.in_order(entries))
        names = {name.lower() for name in esp.files}
        unlisted = tuple(sorted(name for name, program in esp.files.items() if not program))
        if not esp.loader_starts:
            outcome = Outcome(end=f"firmware cannot start '{_LOADER}'")
        else:
            outcome = self._reboot_until_settled(list(listed), names)
        return Observation(outcome, listed, valid, unlisted, data)

    def _reboot_until_settled(self, listed: list[Listed], names: set[str]) -> Outcome:
        failures: list[str] = []
        while True:
            if not listed:
                return Outcome(None, None, tuple(failures), "the loader lists no entry")
            chosen = listed[0]
            before = chosen.entry
            after = before.counted()
            counts = before.left is None or after.file_name.lower() not in names
            if not chosen.entry.program.startable:
                return Outcome(None, None, tuple(failures),
                               f"'{before.file_name}' cannot be loaded, back to the firmware")
            if chosen.whole:
                return Outcome(chosen.slot, chosen.root_hash, tuple(failures),
                               uncounted=before.left is not None and not counts)
            failures.append(before.file_name)
            if before.left in (None, 0) or not counts:
                return Outcome(None, None, tuple(failures),
                               f"'{before.file_name}' starts again and again without its root")
            names = names - {before.file_name.lower()} | {after.file_name.lower()}
            rest = {entry.entry: entry for entry in listed if entry is not chosen}
            rest[after] = Listed(after, chosen.slot, chosen.whole)
            listed = [rest[entry] for entry in loader.in_order(list(rest))]

    def _judge(self, entry: loader.Entry, tables: partitions.Tables) -> Listed:
        root = entry.program.root
        table = tables.for_early_userspace
        if root is None or table is None:
            return Listed(entry, None, False)
        for number, slot in _SLOTS.items():
            data, tree = table.numbered(number), table.numbered(number + 1)
            if data and tree and data.uuid.hex + tree.uuid.hex == root.hash:
                whole = self._verity.is_whole(root, (data.start, data.size),
                                              (tree.start, tree.size))
                return Listed(entry, slot, whole and entry.program.startable)
        return Listed(entry, None, False)

    def _read_esp(self, fat: Fat) -> EspContent:
        settings = fat.lookup("/loader/loader.conf")
        try:
            type_1 = [record.name for record in fat.records_in("/loader/entries")]
        except FatError:
            type_1 = []
        loader.check_settings(fat.read(settings).decode() if settings else None, type_1)
        starter = fat.lookup(_LOADER)
        program, starts = self._program(fat, starter) if starter else (None, False)
        files = {}
        try:
            for record in fat.records_in(_ENTRIES):
                if not record.is_directory and loader.is_candidate(record.name):
                    # Of two with one name the firmware opens the first.
                    files.setdefault(record.name, self._program(fat, record)[0])
        except FatError:
            files = {}
        return EspContent(files, starts)

    def _program(self, fat: Fat, record) -> tuple[loader.Program | None, bool]:
        """What the loader lists it as, and whether firmware starts it."""
        try:
            key = fat.identity(record)
        except FatError:
            return program_of(fat.beginning(record), None)
        if key not in self._programs:
            self._programs[key] = program_of(fat.read(record), self.signatures)
        return self._programs[key]


def program_of(content: bytes,
               signatures: SignatureCheck | None) -> tuple[loader.Program | None, bool]:
    """What the loader lists a file as, and whether firmware starts it."""
    try:
        headers = read_headers(content)
    except PeError:
        return None, False
    startable = signatures is not None and signatures.trusts(content)
    return loader.program_in(content, headers, startable), startable
