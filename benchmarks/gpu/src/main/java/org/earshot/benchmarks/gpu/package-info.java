/**
 * Earshot's layers on a GPU beside what NVIDIA's libraries take for the large part of the same work: cuDNN's
 * convolutions, cuBLASLt's products and a copy, called through JavaCPP's presets for CUDA. The libraries' results make
 * an independent reference, which Earshot's are compared with before anything is timed.
 */
package org.earshot.benchmarks.gpu;
