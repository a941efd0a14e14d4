/**
 * What every room needs when it touches files: writing so that nothing half-written stays, and quoting foreign text in
 * messages. Not exported.
 */
package org.earshot.files;
