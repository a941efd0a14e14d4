/**
 * The program that {@code tools/spark} and {@code spark-submit} run: what a user types becomes one call of
 * {@link org.earshot.spark.EarshotSpark}. Here belong options, what is read and what is written; nothing is computed.
 */
package org.earshot.spark.job;
