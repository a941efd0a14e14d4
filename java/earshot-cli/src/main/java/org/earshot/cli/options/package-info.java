/**
 * Options that several commands have, as picocli mixins: their names and descriptions, what is checked of them, and
 * what they choose.
 */
package org.earshot.cli.options;
