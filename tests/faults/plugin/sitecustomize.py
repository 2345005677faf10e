"""Python runs this at the start of each process of the harness: skews clocks and lays traps."""

import os

if os.environ.get("CELLTALLY_FAULTS_FOLDER"):
    from tests.faults.traps import hold_all_points, skew_the_clock

    hold_all_points()
    skew_the_clock()
