/** The recordings that a command line names: files, folders, patterns, the standard input. */
package org.earshot.cli.input;
