/**
 * Whether a backend computes what PyTorch computed: the golden files of a model directory. Nothing that classifies
 * needs it; it is here, and not in a module of its own, because the library's own tests hold every backend to it, and
 * the command {@code parity} lets users do the same with their models and machines.
 */
package org.earshot.parity;
