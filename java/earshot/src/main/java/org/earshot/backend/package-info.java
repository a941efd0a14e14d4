/**
 * The seam between what a network is and how it is computed. A {@link org.earshot.backend.Backend} turns layers into
 * prepared {@link org.earshot.backend.Operation operations} once; an {@link org.earshot.backend.Execution} owns the
 * memory and the threads (or the stream) of one session and runs operations bound to it. Implementations live in the
 * packages below; nothing above this package knows them.
 */
package org.earshot.backend;
