/**
 * What backends with a native library share: how a layer becomes the numbers and weights that such a library takes
 * ({@code native/include/earshot_layers.h} says which), and how its operation is handed its arguments. Not exported:
 * callers see {@link org.earshot.backend} only.
 */
package org.earshot.backend.packing;
