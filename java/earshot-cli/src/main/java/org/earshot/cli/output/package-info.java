/**
 * What the command line tells: the streams, results as tables, CSV, JSON and files, progress, complaints. Knows no
 * command and no option.
 */
package org.earshot.cli.output;
