"""What every metric hears: `python -m syrinx_lab.blind_spots data=folder data.root=SONGS`.

The comparison of `syrinx_lab.rivals`, with changes of the recording itself for rivals.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("blind_spots")

from .cli import entry_point
from .rivals.__main__ import rivals


def main() -> None:
    """The console entry."""
    entry_point(rivals, config_name="blind_spots")


if __name__ == "__main__":
    main()
