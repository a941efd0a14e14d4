/**
 * What every room needs when it touches files: writing so that nothing half-written stays, reading that survives
 * interrupts, and the words of messages: foreign text in quotes, reasons, near words. Exported to
 * {@code org.earshot.evaluation}, the server and the command line alone; nothing that users may build on.
 */
package org.earshot.files;
