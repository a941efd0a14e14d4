/**
 * One program per class: each uses only what {@link org.earshot} exports, and none needs another. Java runs them from
 * their source, with the jars that {@code tools/earshot} builds:
 *
 * <pre>{@code
 * java -cp 'java/earshot-cli/target/lib/*' java/examples/src/main/java/org/earshot/examples/ClassifyFile.java \
 *     tools/demo-model tools/samples/bus.wav
 * }</pre>
 *
 * <p>A job for Apache Spark, {@code CityByHour}, lies in {@code java/earshot-spark/src/test/java/org/earshot/examples}:
 * a Java module as this one cannot have Spark.
 */
package org.earshot.examples;
