/** What JavaCPP needs to know at build time to generate the binding to the native CPU kernels. */
package org.earshot.backend.cpu.presets;
