/**
 * The backend of native CPU kernels: C++ with AVX2 and AVX-512 chosen at run time, behind {@code earshot_cpu.h}. Holds
 * what loads the library, hands it weights, and runs its operations; no arithmetic.
 */
package org.earshot.backend.cpu;
