/** What JavaCPP needs to know at build time to generate the binding to the CUDA kernels. */
package org.earshot.backend.cuda.presets;
