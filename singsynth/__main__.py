"""``python -m singsynth``, and ``torchrun -m singsynth train ...``."""

import sys

from singsynth.cli import main

sys.exit(main())
