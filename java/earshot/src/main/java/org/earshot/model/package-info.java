/**
 * The systems of the two papers: one class each that composes {@link org.earshot.layer layers} into a
 * {@link org.earshot.model.Network} from named weights and a configuration, and what plans and runs a network on a
 * backend.
 */
package org.earshot.model;
