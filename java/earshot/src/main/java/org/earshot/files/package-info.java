/**
 * What every room needs when it touches files: writing so that nothing half-written stays, reading that survives
 * interrupts, and the words of messages: foreign text in quotes, reasons, near words. Not exported.
 */
package org.earshot.files;
