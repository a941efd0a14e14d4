/**
 * Classifiers as beans of Spring Boot, 4.0 or 3.5: properties {@code earshot.*}, and what Actuator shows of them where
 * it is there. Nothing else of Earshot knows of Spring, and nothing here computes.
 */
package org.earshot.spring;
