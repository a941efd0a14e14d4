package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of a recording beside it: taken as it is meant, or refused by name. */
class ParametersTest {
    private static final byte[] BUS = Served.sample("bus");
    private static final String FORM = "multipart/form-data; boundary=x";

    private static Served served;

    @BeforeAll
    static void start() {
        served = new Served();
    }

    @AfterAll
    static void stop() {
        served.close();
    }

    private static String refused(HttpResponse<byte[]> answer) {
        assertEquals(400, answer.statusCode(), () -> Served.text(answer));
        return Served.json(answer).get("error").asText();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/classify", "/features", "/stream"})
    void eachIsKnownAndGivenOnce(String path) {
        assertEquals(
                "query: city: found it more than once; expected one",
                refused(served.send(served.post(path + "?city=Beijing&time=2023-06-18T18:44&city=Beijing", BUS))));
        for (String unknown : List.of("citty=Beijing", "City=Beijing", "top=5", "=1", "city=Beijing&x")) {
            String told = refused(served.send(served.post(path + "?" + unknown, BUS)));
            assertTrue(
                    told.matches("query: found \"(citty|City|top||x)\"; expected .*city, time, model, version.*"),
                    told);
        }
    }

    private static String form(String... fields) {
        StringBuilder body = new StringBuilder();
        for (String field : fields) {
            body.append("--x\r\nContent-Disposition: form-data; name=\"")
                    .append(field)
                    .append("\"\r\n\r\nBeijing\r\n");
        }
        return body.append("--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nRIFF\r\n--x--\r\n")
                .toString();
    }

    private static HttpResponse<byte[]> sent(String path, String form) {
        return served.send(
                served.post(path, form.getBytes(StandardCharsets.US_ASCII)).header("Content-Type", FORM));
    }

    @Test
    void eachFieldOfAFormIsToo() {
        assertEquals(
                "form: city: found it more than once; expected one", refused(sent("/classify", form("city", "city"))));
        assertEquals(
                "form: found \"citty\"; expected city, time, model, version, file",
                refused(sent("/classify", form("citty"))));
        assertEquals(
                "query and form: city: found it more than once; expected one",
                refused(sent("/classify?city=Beijing", form("city"))));
        assertEquals(
                422,
                sent("/classify?time=2023-06-18T18:44", form("city")).statusCode(),
                "no recording, all else is right");
    }

    /** What Java reads as numbers besides: no other language writes them so by intent. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rate=48000d",
                "rate=48000f",
                "rate=0x10",
                "rate=0x1p14",
                "rate=%2048000",
                "rate=48000%20",
                "rate=NaN",
                "rate=Infinity",
                "rate=",
                "rate=-48000",
                "rate=%2B48000",
                "rate=48_000",
                "rate=48.000,0",
                "rate=1e",
                "rate=%D9%A4%D9%A8",
                "rate=44100.5",
                "rate=1e400",
                "hop=1f",
                "hop=.5",
                "hop=5.",
                "hop=NaN",
                "hop=0",
                "hop=1s"
            })
    void numbersAreThoseOfJson(String parameter) {
        String name = parameter.substring(0, parameter.indexOf('='));
        String told = refused(served.send(served.post("/stream?" + parameter, new byte[2])));
        assertTrue(told.startsWith(name + ": found "), told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rate=48000", "rate=48000.0", "rate=48e3", "rate=4.8E%2B4", "hop=0.5", "hop=5e-1", "hop=1"})
    void numbersAreTakenAsTheyAreWritten(String parameter) {
        assertEquals(
                200,
                served.send(served.post("/stream?" + parameter, new byte[96_000]))
                        .statusCode());
    }

    /** What was heard is answered; that the last sample is not whole is likelier than not the fault of all. */
    @Test
    void soundEndsWithAWholeSample() {
        for (String format : List.of("s16le", "f32le")) {
            int size = format.equals("s16le") ? 2 : 4;
            for (int rest = 0; rest < size; rest++) {
                HttpResponse<byte[]> answer =
                        served.send(served.post("/stream?format=" + format, new byte[48_000 * size + rest]));
                List<String> lines = Served.lines(answer);
                assertTrue(lines.get(1).startsWith("{\"segment\""), lines::toString);
                assertEquals(rest == 0 ? 2 : 3, lines.size(), lines::toString);
                if (rest > 0) {
                    assertEquals(
                            "stream: found its end " + rest + " bytes behind the last sample; expected samples of "
                                    + size + " bytes, the last one whole",
                            Served.json(lines.get(2)).get("error").asText());
                    Served.await(() ->
                            served.log.stream().anyMatch(line -> line.contains("\"error\":\"stream: found its end")));
                    served.log.clear();
                }
            }
        }
    }
}
