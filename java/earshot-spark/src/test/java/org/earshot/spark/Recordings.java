package org.earshot.spark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Writes recordings for tests: each another tone in noise, of the same bytes every time. */
final class Recordings {
    private static final int HEADER = 44;

    /** What rows have. */
    static final StructType SCHEMA = new StructType()
            .add("file", DataTypes.StringType)
            .add("city", DataTypes.StringType)
            .add("time", DataTypes.StringType);

    private Recordings() {}

    /** Writes a WAV file of 16 bits, mono. */
    static Path write(Path file, long seed, double seconds, int rate) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        double step = 2 * Math.PI * random.nextDouble(80, 4000) / rate;
        double noise = random.nextDouble(0.02, 0.3);
        int samples = (int) Math.round(seconds * rate);
        ByteBuffer bytes = ByteBuffer.allocate(HEADER + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(HEADER - 8 + 2 * samples);
        bytes.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        bytes.putShort((short) 1).putShort((short) 1).putInt(rate).putInt(2 * rate);
        bytes.putShort((short) 2).putShort((short) 16);
        bytes.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * samples);
        for (int i = 0; i < samples; i++) {
            double value = 0.5 * Math.sin(i * step) + random.nextDouble(-noise, noise);
            bytes.putShort((short) Math.round(value * Short.MAX_VALUE));
        }
        return Files.write(file, bytes.array());
    }

    /** Writes as many to a folder; their paths. */
    static List<String> writeAll(Path folder, int count, double seconds) throws IOException {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path file = folder.resolve("recording-%03d.wav".formatted(i));
            files.add(write(file, i, seconds, 44_100).toString());
        }
        return files;
    }

    /** Rows of files with one city and time, in three partitions. */
    static Dataset<Row> rows(SparkSession spark, List<String> files, String city, String time) {
        List<Row> rows =
                files.stream().map(file -> RowFactory.create(file, city, time)).toList();
        return spark.createDataFrame(rows, SCHEMA).repartition(3);
    }

    /** Writes what looks like a recording by its name only. */
    static Path writeBroken(Path file, long seed) throws IOException {
        byte[] bytes = new byte[1000];
        new SplittableRandom(seed).nextBytes(bytes);
        return Files.write(file, bytes);
    }
}
