/**
 * Whether a backend computes what PyTorch computed, and if not, from which layer on: the golden files of a model
 * directory, compared layer by layer. Here belongs what reads them, what brings a reference's tensors to where the
 * engine has them, and what guesses at a reference's mistakes. Nothing that classifies needs it; it is here, and not in
 * a module of its own, because the library's own tests hold every backend to it, and the command {@code parity} lets
 * users do the same with their models and machines.
 */
package org.earshot.parity;
