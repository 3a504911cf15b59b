"""Finished pictures: kept in the library, shown in the gallery, used again."""
