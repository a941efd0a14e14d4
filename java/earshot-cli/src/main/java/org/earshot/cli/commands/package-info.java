/**
 * One class per command, listed by {@link org.earshot.cli.commands.EarshotCommand}, and what one or two of them alone
 * need. A command reads its options, calls the library, and prints.
 */
package org.earshot.cli.commands;
