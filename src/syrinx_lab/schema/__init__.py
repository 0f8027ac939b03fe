"""What every key of the configuration may hold: `kinds`, the tables of the keys, and the check of a configuration."""

from .check import checked, holds, nearest_keys, takes_list, texts_of
from .tables import EXAMPLES, PLACES, TABLES, TYPED

__all__ = ["EXAMPLES", "PLACES", "TABLES", "TYPED", "checked", "holds", "nearest_keys", "takes_list", "texts_of"]
