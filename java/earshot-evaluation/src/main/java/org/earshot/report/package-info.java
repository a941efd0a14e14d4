/**
 * An evaluation as one HTML page that needs nothing else: tables, and charts as inline SVG; and a recording with its
 * scenes as a picture of its own.
 */
package org.earshot.report;
