/**
 * JMH benchmarks of Earshot beside its peers. Each checks its result against PyTorch's before it is timed; one that
 * fails the check reports nothing.
 */
package org.earshot.benchmarks;
