"""Many simulations: batching, devices, clusters, storage."""

from ._axes import sobol_samples as sobol_samples
from ._axes import uniform_samples as uniform_samples
from ._plan import SweepPlan as SweepPlan
from ._pulse import field_at as field_at
from ._pulse import pulse_at as pulse_at
from ._run import Interrupted as Interrupted
from ._store import open_sweep as open_sweep
from ._sweep import plan_sweep as plan_sweep
from ._sweep import run_sweep as run_sweep
from ._sweep import sweep as sweep
