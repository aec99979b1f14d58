"""A Containerfile as instructions, stage by stage."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """`RUN`, `COPY`, ... and what stands behind it, on one line."""

    word: str
    text: str

    @property
    def exec_form(self) -> list[str]:
        """
        :raises ValueError: if it is a line for a shell.
        """
        return list(json.loads(self.text[self.text.index("[") :]))


@dataclass
class Stage:
    """From one `FROM` to the next."""

    image: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[Instruction]:
        return [instruction for instruction in self.instructions if instruction.word == word]


def stages(file: Path) -> list[Stage]:
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    parsed: list[Stage] = []
    for line in filter(str.strip, text.splitlines()):
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            parsed.append(Stage(image, name))
        else:
            parsed[-1].instructions.append(Instruction(word, rest.strip()))
    return parsed
