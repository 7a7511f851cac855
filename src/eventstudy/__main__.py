"""``python -m eventstudy`` is ``eventstudy``."""

from eventstudy.cli import main

main()
