/**
 * The layers the networks are composed of: what each computes (formula, shapes, source), its weights as the training
 * wrote them, and its cost. How a layer is computed is a {@link org.earshot.backend backend}'s affair. A new layer is
 * one class here, one method of {@link org.earshot.layer.LayerVisitor}, and one contract test.
 */
package org.earshot.layer;
