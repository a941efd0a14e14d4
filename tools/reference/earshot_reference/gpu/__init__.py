"""Measurements on a GPU: PyTorch beside Earshot, and what Nsight Compute says of our kernels.

Needs no more than PyTorch, Triton and safetensors.
"""
