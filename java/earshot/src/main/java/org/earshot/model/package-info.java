/**
 * The systems of the two papers: one class each that composes {@link org.earshot.layer layers} into a
 * {@link org.earshot.network.Network} from named weights and a configuration.
 */
package org.earshot.model;
