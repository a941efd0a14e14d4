/** What whoever runs the server sees of it: metrics, and a line of JSON for each request. Knows no protocol. */
package org.earshot.server.observation;
