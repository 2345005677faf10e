"""Labels in, measurements and outlines out: the one implementation of each number."""

from shared.measuring.connected import connect
from shared.measuring.outlines import Outline, outlines
from shared.measuring.summary import Summary, summarise
from shared.measuring.table import Table, measure

__all__ = ["Outline", "Summary", "Table", "connect", "measure", "outlines", "summarise"]
