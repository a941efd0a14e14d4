/**
 * The command line's entry: the process's arguments, streams and exit codes. A thin layer over {@link org.earshot},
 * which does all the work. Knows {@link org.earshot.cli.commands}; those know {@link org.earshot.cli.options} and
 * {@link org.earshot.cli.input}, and everything knows {@link org.earshot.cli.output}.
 */
package org.earshot.cli;
