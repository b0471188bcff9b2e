"""Turn bands that GPAW computed for KTaO3 into the bundled files of `chiraljax/materials/bands`.

    python scripts/convert_gpaw_bands.py INPUT.json OUTPUT.json [--spin-orbit]

INPUT is a band path with `kpts`, `eigenvalues_eV` and `projections`, or a mesh with `kpts_ibz`, `weights` and
`eigenvalues_nosoc` and `eigenvalues_soc`, of which --spin-orbit takes the second. Only the bands from the lowest
O 2p band on are kept: deeper ones are no concern of a p–d model.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from chiraljax import Bands
from chiraljax.io import to_json, write_json

_NAMES = {
    "K_s": "K.s",
    "K_p": "K.p",
    "Ta_s": "Ta.s",
    "Ta_p": "Ta.p",
    "Ta_xy": "Ta.d.xy",
    "Ta_yz": "Ta.d.yz",
    "Ta_zx": "Ta.d.zx",
    "Ta_z2": "Ta.d.3z2-r2",
    "Ta_x2y2": "Ta.d.x2-y2",
    "O_s": "O.s",
    "O_p": "O.p",
}
_GROUPS = {"Ta_t2g": "Ta.d.t2g", "Ta_eg": "Ta.d.eg"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--spin-orbit", action="store_true", help="the spin-orbit half of a mesh file")
    arguments = parser.parse_args()
    content = json.loads(arguments.input.read_text(encoding="utf-8"))
    bands = mesh(content, arguments.spin_orbit) if "mesh" in content else path(content)
    write_json(arguments.output, to_json(bands.to_xarray()), compact=True)


def path(content: dict) -> Bands:
    """The bands of a file with one path."""
    meta, projections = content["meta"], content["projections"]
    first = meta["first_O2p_band"]
    program = f"{meta['code']} {meta['code_version']}"
    skipped = first - content["projections_first_band"]
    kept = {name: np.array(projections[key])[:, skipped:] for key, name in _NAMES.items()}
    return Bands(
        _fractional(content["kpts"]),
        np.round(np.array(content["eigenvalues_eV"])[:, first:], 5),
        projections={name: np.round(values, 4) for name, values in kept.items()},
        spin_orbit=meta["spin_orbit"],
        filled=meta["n_occupied"] - first,
        reference=round(meta["vbm_eV"], 5),
        source=f"{_source(meta, program)}, path {meta['path']}",
    )


def mesh(content: dict, spin_orbit: bool) -> Bands:
    """One half of a file with a mesh; its projections are those without spin–orbit coupling."""
    kind = "soc" if spin_orbit else "nosoc"
    first = content["first_O2p_band_nosoc"] * (2 if spin_orbit else 1)
    projections = {} if spin_orbit else content["projections_nosoc"]
    kept = {name: projections[key] for key, name in (_NAMES | _GROUPS).items() if key in projections}
    return Bands(
        _fractional(content["kpts_ibz"]),
        np.round(np.array(content[f"eigenvalues_{kind}"])[:, first:], 5),
        np.array(content["weights"]),
        {name: np.round(np.array(values)[:, first:], 4) for name, values in kept.items()},
        spin_orbit,
        content[f"n_occupied_{kind}"] - first,
        round(content[f"vbm_{kind}"], 5),
        f"{_source(content, content['code'])}, irreducible points of a {_mesh(content['mesh'])} Γ-centred mesh",
    )


def _source(meta: dict, program: str) -> str:
    return (
        f"{program}, {meta['functional']}, plane waves to {meta['ecut_eV']} eV, charge density on"
        f" {_mesh(meta['scf_kpts'])} k-points, a = {meta['a_angstrom']} Å"
    )


def _mesh(counts: list[int]) -> str:
    return "×".join(str(count) for count in counts)


def _fractional(k: list) -> np.ndarray:
    # + 0.0 turns -0.0 into 0.0
    return np.array(k) + 0.0


if __name__ == "__main__":
    main()
