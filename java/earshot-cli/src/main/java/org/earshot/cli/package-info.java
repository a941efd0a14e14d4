/**
 * The command line: one class per command, and what they share. A thin layer over {@link org.earshot}, which does all
 * the work.
 */
package org.earshot.cli;
