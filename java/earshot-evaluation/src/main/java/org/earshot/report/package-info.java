/** An evaluation as one HTML page that needs nothing else: tables, and charts as inline SVG. */
package org.earshot.report;
