/**
 * Fuzz targets: every reader of foreign files is given bytes, and may answer with a result or an
 * {@link org.earshot.error.EarshotException}, nothing else. The tests run each over its inputs, which are in
 * {@code src/test/resources} (what found something once) and among the other modules' test data; {@code tools/fuzz}
 * goes on from there. A finding is kept: Jazzer writes it where the inputs are.
 */
package org.earshot.fuzz;
