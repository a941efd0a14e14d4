/**
 * The networks of the two papers: one class each that composes {@link org.earshot.layer layers} into a
 * {@link org.earshot.network.Network} from named weights and what a configuration says of it, and one constant of
 * {@link org.earshot.architecture.Architecture}; also how the scores of two heads become one answer. Knows nothing of
 * directories, backends or recordings.
 */
package org.earshot.architecture;
