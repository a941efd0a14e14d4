/**
 * Earshot inside Apache Spark: recordings are rows, answers are columns. {@link org.earshot.spark.EarshotSpark} is the
 * way in; what is computed is the library's, what is distributed, sorted, retried and written is Spark's. Here belongs
 * only what joins both.
 */
package org.earshot.spark;
