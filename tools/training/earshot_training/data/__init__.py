"""Data sets: recordings with labels, cities and times, and their features as tensors."""

from earshot_training.data.clips import Clip, ClipSet, DataError
from earshot_training.data.feature_cache import load_features
from earshot_training.data.tensors import TensorSet

__all__ = ["Clip", "ClipSet", "DataError", "TensorSet", "load_features"]
