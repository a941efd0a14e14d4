/** A service on Spring Boot: what an application that uses the starter has to write itself. */
package org.earshot.examples.spring;
