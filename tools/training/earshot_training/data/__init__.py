"""Data sets: recordings with labels, cities and times, and their features as tensors."""

from earshot_training.data.cas import load_cas, load_soundscapes, with_pseudo_labels
from earshot_training.data.class_map import ClassMap, read_class_map
from earshot_training.data.clips import Clip, ClipSet, DataError
from earshot_training.data.cochlscene import load_cochlscene
from earshot_training.data.feature_cache import load_features
from earshot_training.data.tau import load_tau
from earshot_training.data.tensors import TensorSet

__all__ = [
    "ClassMap",
    "Clip",
    "ClipSet",
    "DataError",
    "TensorSet",
    "load_cas",
    "load_cochlscene",
    "load_features",
    "load_soundscapes",
    "load_tau",
    "read_class_map",
    "with_pseudo_labels",
]
