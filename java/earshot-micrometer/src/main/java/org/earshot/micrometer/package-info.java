/** Meters of Micrometer for classifiers and ensembles: nothing else of Earshot knows of Micrometer. */
package org.earshot.micrometer;
