/**
 * A model as it lies on disk: its directory, its configuration ({@code config.json}, how city and time are encoded) and
 * its weights, read and checked against each other into a {@link org.earshot.architecture.SceneModel}.
 */
package org.earshot.model;
