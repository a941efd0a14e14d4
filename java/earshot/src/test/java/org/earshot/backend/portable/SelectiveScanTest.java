package org.earshot.backend.portable;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.backend.LayerFixtures;
import org.earshot.backend.Runner;
import org.earshot.layer.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scan alone against the public reference scan; tolerance 1e-4 of the output's standard deviation. */
class SelectiveScanTest {
    @ParameterizedTest
    @CsvSource({"a,1000", "a,37", "a,10", "b,1000", "b,77", "c,1", "d,1000", "d,64", "d,1"})
    void agreesWithTheReferenceScan(String name, int tile) {
        LayerFixtures fixture = new LayerFixtures("/golden/public-code/selective_scan.safetensors");
        Parameter u = fixture.parameter(name + ".u");
        int clips = u.extent(0);
        int inner = u.extent(1);
        int length = u.extent(2);
        int states = fixture.parameter(name + ".A").extent(1);
        SelectiveScan scan = new SelectiveScan(
                fixture.values(name + ".A"), fixture.values(name + ".D"), fixture.values(name + ".delta_bias"));
        SelectiveScan.ScanRows work = scan.new ScanRows(new RowPool().taker(), Math.min(tile, length));
        float[] out = new float[u.values().length];
        float[] lastState = new float[clips * inner * states];
        for (int b = 0; b < clips; b++) {
            for (int from = 0; from < length; from += tile) {
                int count = Math.min(tile, length - from);
                float[][] y = rows(fixture.parameter(name + ".delta"), b, from, count);
                scan.run(
                        work,
                        y,
                        rows(u, b, from, count),
                        rows(fixture.parameter(name + ".z"), b, from, count),
                        rows(fixture.parameter(name + ".B"), b, from, count),
                        rows(fixture.parameter(name + ".C"), b, from, count),
                        count,
                        length,
                        from > 0);
                for (int e = 0; e < inner; e++) {
                    System.arraycopy(y[e], 0, out, (b * inner + e) * length + from, count);
                }
            }
            for (int e = 0; e < inner; e++) {
                for (int n = 0; n < states; n++) {
                    lastState[(b * inner + e) * states + n] = work.state[n][e];
                }
            }
        }
        assertClose(fixture.values(name + ".out"), out);
        assertClose(fixture.values(name + ".last_state"), lastState);
    }

    private static float[][] rows(Parameter x, int b, int from, int count) {
        float[][] rows = new float[x.extent(1)][count];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(x.values(), (b * rows.length + i) * x.extent(2) + from, rows[i], 0, count);
        }
        return rows;
    }

    private static void assertClose(float[] expected, float[] actual) {
        double bound = 1e-4 * Runner.deviation(expected);
        double difference = Runner.difference(expected, actual);
        assertTrue(difference <= bound, () -> "difference " + difference + " above " + bound);
    }
}
