/**
 * The backend of CUDA kernels behind {@code earshot_cuda.h}. Holds what loads the library, says why a device cannot be
 * used, hands it weights, and records its operations; no arithmetic.
 */
package org.earshot.backend.cuda;
