/**
 * Parity with PyTorch as JUnit tests: {@link org.earshot.testing.ParityTest} for a test of each output, and
 * {@link org.earshot.testing.ParityAssertions} for a line in a test of one's own. What is compared, and how, is
 * {@link org.earshot.parity}'s affair; here belongs only what JUnit makes of it.
 */
package org.earshot.testing;
