package org.earshot.examples;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.hour;
import static org.apache.spark.sql.functions.lit;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.earshot.spark.EarshotSpark;
import org.earshot.spark.ModelSource;
import org.earshot.spark.SparkOptions;

/**
 * What a city sounds like by the hour of the day, from a table of its recordings with the columns {@code path},
 * {@code city} and {@code time}:
 *
 * <pre>{@code
 * spark-submit --class org.earshot.examples.CityByHour --jars earshot-spark.jar job.jar MODEL RECORDINGS.parquet OUTPUT
 * }</pre>
 *
 * <p>It lies here and not in java/examples, which is a Java module: Spark is none, and needs a class path.
 */
public final class CityByHour {
    private CityByHour() {}

    /**
     * Counts scenes by city and hour.
     *
     * @param recordings with the columns path, city and time
     * @param model which classifies them
     * @return city, hour, scene (null for what could not be read), how many recordings, and their mean probability
     */
    public static Dataset<Row> scenes(Dataset<Row> recordings, ModelSource model) {
        SparkOptions options = SparkOptions.defaults().withCityColumn("city").withTimeColumn("time");
        return EarshotSpark.classify(recordings, model, options)
                .groupBy(col("city"), hour(col("time")).as("hour"), col("label").as("scene"))
                .agg(count(lit(1)).as("recordings"), avg("probability").as("probability"))
                .orderBy("city", "hour", "scene");
    }

    /**
     * Runs the job.
     *
     * @param args the model directory, the table, and where to write the result
     */
    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder().appName("city by hour").getOrCreate();
        ModelSource model = ModelSource.read(args[0], spark.sparkContext().hadoopConfiguration());
        scenes(spark.read().parquet(args[1]), model).write().parquet(args[2]);
    }
}
