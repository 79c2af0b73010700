"""Incidents drawn with known truth, and the troubles that real logs and complaints have.

Written apart from the published simulator, with other sizes, names and shapes, so that an engine cannot have been
fitted to both. `worlds` says what happens, `draws` who complains, `troubles` what goes wrong between that and what an
analyst sees, `cases` puts it into evidence.
"""

from benchmarks.simulated.cases import Case, simulate
from benchmarks.simulated.troubles import TROUBLES, Trouble

__all__ = ["TROUBLES", "Case", "Trouble", "simulate"]
