"""From bands to Slater–Koster parameters, with their uncertainty."""

from ._bands import Bands as Bands
