"""Pixels in, labels out: the plug-ins."""

import os

# Builds of onnxruntime tell their maker of each start unless this is said before the import:
# they open a connection and leave a file in the temporary folder.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
