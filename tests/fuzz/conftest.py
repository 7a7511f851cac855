import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the harness is a program of its own: its modules find each other here
