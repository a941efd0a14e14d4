/**
 * Which backend a model runs on: the one asked for, or the best that starts and gives the right answer to a small known
 * problem. It stands above the backends, which do not know it.
 */
package org.earshot.backend.choice;
