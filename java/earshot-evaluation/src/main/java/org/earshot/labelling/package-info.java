/** Labels for recordings that have none, from one model or from two that agree (ASCMamba paper, section 3.3). */
package org.earshot.labelling;
