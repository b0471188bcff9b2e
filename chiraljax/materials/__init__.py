"""Material files: their schema, their loader and those that are bundled."""

from ._material import Material as Material
from ._material import bundled_materials as bundled_materials
from ._material import load_material as load_material
from ._material import material_of as material_of
from ._schema import MaterialFile as MaterialFile
from ._schema import PhononTable as PhononTable
