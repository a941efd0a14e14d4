package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The protocol by HTTP; what the library answers is what is expected of it. */
class InferenceHttpTest {
    private static final String INFER = "/v2/models/" + Served.NAME + "/infer";
    private static final byte[] BUS = Served.sample("bus");
    private static final byte[] METRO = Served.sample("metro");
    private static final RecordingContext WHERE = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));

    private static Served served;
    private static SceneClassifier classifier;

    @BeforeAll
    static void start() {
        served = new Served();
        classifier = SceneClassifier.load(Served.MODEL);
    }

    @AfterAll
    static void stop() {
        served.close();
        classifier.close();
    }

    private static ObjectNode request() {
        return new JsonMapper().createObjectNode();
    }

    private static ObjectNode input(ObjectNode request, String name, String datatype, long... shape) {
        ObjectNode input =
                request.withArray("inputs").addObject().put("name", name).put("datatype", datatype);
        Arrays.stream(shape).forEach(input.putArray("shape")::add);
        return input;
    }

    private static HttpResponse<byte[]> infer(ObjectNode request) {
        return served.send(served.post(INFER, request.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static JsonNode output(JsonNode response, String name) {
        for (JsonNode output : response.get("outputs")) {
            if (output.get("name").asText().equals(name)) {
                return output;
            }
        }
        throw new AssertionError("no output " + name + " in " + response);
    }

    private static ObjectNode audio(byte[]... files) {
        ObjectNode request = request();
        ObjectNode input = input(request, "AUDIO", "BYTES", files.length);
        for (byte[] file : files) {
            input.withArray("data").add(Base64.getEncoder().encodeToString(file));
        }
        return request;
    }

    @Test
    void tellsWhatItServes() {
        assertEquals("{\"live\":true}", Served.text(served.get("/v2/health/live")));
        assertEquals("{\"ready\":true}", Served.text(served.get("/v2/health/ready")));
        assertEquals("earshot", Served.json(served.get("/v2")).get("name").asText());
        assertEquals("{\"models\":[\"demo\"]}", Served.text(served.get("/v2/models")));
        JsonNode model = Served.json(served.get("/v2/models/demo"));
        assertEquals("[\"1\"]", model.get("versions").toString());
        assertEquals("AUDIO", model.get("inputs").get(0).get("name").asText());
        assertEquals(
                classifier.modelDigest(), model.get("properties").get("digest").asText());
        assertEquals(
                model, Served.json(served.get("/v2/models/demo/versions/1")), "a version is described as its model");
        assertEquals("{\"name\":\"demo\",\"ready\":true}", Served.text(served.get("/v2/models/demo/versions/1/ready")));
        HttpResponse<byte[]> index = served.send(served.post("/v2/repository/index", new byte[0]));
        assertEquals("READY", Served.json(index).get(0).get("state").asText());
    }

    /** Many clients' libraries write null for each field that is not set. */
    @Test
    void nullIsWhatIsNotSet() {
        ObjectNode request = request();
        request.putNull("id").putNull("parameters").putNull("outputs").putNull("anything");
        ObjectNode input = input(request, "AUDIO", "BYTES", 1);
        input.putNull("parameters").putNull("anything");
        input.withArray("data").add(Base64.getEncoder().encodeToString(BUS));
        HttpResponse<byte[]> all = infer(request);
        assertEquals(200, all.statusCode(), () -> Served.text(all));
        assertEquals(4, Served.json(all).get("outputs").size(), "as if none was named");
        assertFalse(Served.json(all).has("id"), () -> Served.text(all));
        request.putObject("parameters").putNull("city").putNull("binary_data_output");
        request.putArray("outputs").addObject().put("name", "label").putNull("parameters");
        HttpResponse<byte[]> one = infer(request);
        assertEquals(200, one.statusCode(), () -> Served.text(one));
        assertEquals("Bus", output(Served.json(one), "label").get("data").get(0).asText());

        ObjectNode binary = request();
        input(binary, "AUDIO", "BYTES", 1)
                .putNull("data")
                .putObject("parameters")
                .put("binary_data_size", 4 + BUS.length);
        byte[] json = binary.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = ByteBuffer.allocate(json.length + 4 + BUS.length).order(ByteOrder.LITTLE_ENDIAN);
        body.put(json).putInt(BUS.length).put(BUS);
        HttpResponse<byte[]> behind = served.send(served.post(INFER, body.array())
                .header("Inference-Header-Content-Length", Integer.toString(json.length)));
        assertEquals(200, behind.statusCode(), () -> Served.text(behind));

        for (String needed : new String[] {"name", "datatype", "shape"}) {
            ObjectNode without = request();
            input(without, "AUDIO", "BYTES", 1).putNull(needed);
            HttpResponse<byte[]> refused = infer(without);
            assertEquals(400, refused.statusCode());
            assertTrue(Served.text(refused).contains("input: found no " + needed), Served.text(refused));
        }
    }

    @Test
    void answersABatchOfFiles() {
        ObjectNode request = audio(BUS, METRO);
        request.put("id", "forty-two");
        request.putObject("parameters").put("city", "Xi'an").put("time", "2023-06-18T18:44");
        HttpResponse<byte[]> response = infer(request);
        assertEquals(200, response.statusCode(), () -> Served.text(response));
        JsonNode answer = Served.json(response);
        assertEquals("forty-two", answer.get("id").asText());
        assertEquals("demo", answer.get("model_name").asText());
        assertEquals("1", answer.get("model_version").asText());
        List<byte[]> files = List.of(BUS, METRO);
        for (int i = 0; i < files.size(); i++) {
            AudioClip clip = AudioClip.read(files.get(i), "clip");
            ScenePrediction expected = classifier.classify(clip, WHERE);
            assertEquals(
                    expected.label(), output(answer, "label").get("data").get(i).asText());
            assertEquals(
                    expected.probability(),
                    output(answer, "probability").get("data").get(i).floatValue());
            int scenes = classifier.labels().size();
            String first = output(answer, "ranking").get("data").get(i * scenes).asText();
            assertEquals(
                    String.format(
                            Locale.ROOT,
                            "%f:%d:%s",
                            expected.probability(),
                            classifier.labels().indexOf(expected.label()),
                            expected.label()),
                    first);
            float[] embedding = classifier.embed(clip, WHERE);
            for (int k = 0; k < embedding.length; k++) {
                assertEquals(
                        embedding[k],
                        output(answer, "embedding")
                                .get("data")
                                .get(i * embedding.length + k)
                                .floatValue());
            }
        }
        assertEquals("[2,10]", output(answer, "ranking").get("shape").toString());
    }

    @Test
    void answersSamplesAsTheFileOfThem() {
        float[] pcm = Served.samples(BUS);
        ObjectNode request = request();
        ObjectNode input = input(request, "PCM", "FP32", 1, pcm.length);
        input.putObject("parameters").put("sample_rate", 48_000);
        for (float sample : pcm) {
            input.withArray("data").add(sample);
        }
        request.withArray("outputs").addObject().put("name", "probability");
        JsonNode answer = Served.json(infer(request));
        assertEquals(1, answer.get("outputs").size(), answer::toString);
        assertEquals(
                classifier
                        .classify(AudioClip.read(BUS, "bus"), RecordingContext.unknown())
                        .probability(),
                output(answer, "probability").get("data").get(0).floatValue());
    }

    /** What stands behind the JSON, in and out. */
    @Test
    void takesAndGivesBinaryData() {
        float[] pcm = Served.samples(METRO);
        ObjectNode request = request();
        ObjectNode input = input(request, "PCM", "FP32", pcm.length);
        input.putObject("parameters").put("sample_rate", 48_000).put("binary_data_size", pcm.length * Float.BYTES);
        request.withArray("outputs").addObject().put("name", "label");
        request.withArray("outputs")
                .addObject()
                .put("name", "embedding")
                .putObject("parameters")
                .put("binary_data", true);
        byte[] json = request.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer raw = ByteBuffer.allocate(pcm.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(pcm);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(json);
        body.writeBytes(raw.array());

        HttpResponse<byte[]> response = served.send(served.post(INFER, body.toByteArray())
                .header("Inference-Header-Content-Length", Integer.toString(json.length)));
        assertEquals(200, response.statusCode(), () -> Served.text(response));
        int length = (int) response.headers()
                .firstValueAsLong("Inference-Header-Content-Length")
                .orElseThrow();
        JsonNode answer = Served.json(new String(response.body(), 0, length, StandardCharsets.UTF_8));
        assertEquals("Metro", output(answer, "label").get("data").get(0).asText());
        float[] expected = classifier.embed(AudioClip.of(pcm, 48_000), RecordingContext.unknown());
        float[] embedding = new float[expected.length];
        ByteBuffer.wrap(response.body(), length, response.body().length - length)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(embedding);
        assertArrayEquals(expected, embedding);
    }

    private static void assertRefused(int status, String begin, HttpResponse<byte[]> response) {
        String error = Served.json(response).get("error").asText();
        assertTrue(error.startsWith(begin), error);
        assertEquals(status, response.statusCode(), error);
        assertEquals(1, error.lines().count(), error);
    }

    @Test
    void saysWhatIsWrong() {
        assertRefused(404, "model: found \"other\"; expected one of demo", served.get("/v2/models/other"));
        assertRefused(404, "version of model demo", served.get("/v2/models/demo/versions/7"));
        assertRefused(404, "path: found \"/v2/modelz\"; expected /v2, /v2/health/live", served.get("/v2/modelz"));
        assertRefused(405, "method: found \"GET\"; expected POST", served.get(INFER));
        assertRefused(
                400, "body: found no JSON", served.send(served.post(INFER, "{".getBytes(StandardCharsets.UTF_8))));
        assertRefused(400, "inputs: found 0 of them", infer(request()));
        ObjectNode text = audio(BUS);
        ((ObjectNode) text.get("inputs").get(0)).putArray("data").add("§");
        assertRefused(400, "data[0]: found a text that is not in base64", infer(text));
        ObjectNode two = audio(BUS);
        ((ObjectNode) two.get("inputs").get(0)).putArray("shape").add(2);
        assertRefused(400, "AUDIO: found 1 elements; expected 2", infer(two));
        ObjectNode rate = request();
        input(rate, "PCM", "FP32", 2).putArray("data").add(0).add(0);
        assertRefused(400, "parameter sample_rate: found none", infer(rate));
        ObjectNode type = request();
        input(type, "PCM", "FP16", 2).putArray("data").add(0).add(0);
        assertRefused(400, "PCM: datatype", infer(type));
        ObjectNode output = audio(BUS);
        output.withArray("outputs").addObject().put("name", "scene");
        assertRefused(400, "outputs: found \"scene\"; expected one of label, probability", infer(output));
        ObjectNode time = audio(BUS);
        time.putObject("parameters").put("time", "noon");
        assertRefused(400, "time: found \"noon\"", infer(time));
        assertRefused(422, "AUDIO[1]: found ", infer(audio(BUS, new byte[] {1, 2, 3, 4})));
        ObjectNode huge = request();
        input(huge, "PCM", "FP32", Long.MAX_VALUE, 4).putArray("data").add(0);
        assertRefused(400, "PCM: shape", infer(huge));
        assertRefused(
                400,
                "Inference-Header-Content-Length: found \"99\"",
                served.send(served.post(INFER, new byte[] {'{', '}'}).header("Inference-Header-Content-Length", "99")));
        assertRefused(
                400,
                "Request-Timeout-Ms: found \"soon\"",
                served.send(served.post(INFER, new byte[0]).header("Request-Timeout-Ms", "soon")));
    }

    private static HttpResponse<byte[]> nested(String shape, String data) {
        String json = "{\"inputs\":[{\"name\":\"PCM\",\"datatype\":\"FP32\",\"parameters\":{\"sample_rate\":48000},"
                + "\"data\":" + data + ",\"shape\":" + shape + "}]}";
        return served.send(served.post(INFER, json.getBytes(StandardCharsets.US_ASCII)));
    }

    /** The protocol: elements row by row, in lists as the shape has them or all in one. */
    @Test
    void listsAreAsTheShapeSays() {
        String flat = Served.text(nested("[2,2]", "[0.1,0.2,0.3,0.4]"));
        assertEquals(flat, Served.text(nested("[2,2]", "[[0.1,0.2],[0.3,0.4]]")));
        assertEquals(200, nested("[4]", "[0.1,0.2,0.3,0.4]").statusCode());
        for (String[] each : new String[][] {
            {"[2,2]", "[[0.1,0.2,0.3],[0.4]]"},
            {"[2,2]", "[[0.1,[0.2,0.3]],[0.4]]"},
            {"[2,2]", "[[0.1,0.2],0.3,0.4]"},
            {"[2,2]", "[0.1,0.2,[0.3,0.4]]"},
            {"[2,2]", "[[[0.1,0.2],[0.3,0.4]]]"},
            {"[2,2]", "[[0.1,0.2],[0.3,0.4],[]]"},
            {"[4,1]", "[[0.1,0.2],[0.3,0.4]]"},
            {"[1,4]", "[[0.1],[0.2],[0.3],[0.4]]"},
            {"[4]", "[[0.1,0.2],[0.3,0.4]]"},
        }) {
            assertRefused(400, "PCM: data: found lists of ", nested(each[0], each[1]));
        }
    }

    /** Sizes that are read as another number would have bytes of one tensor be those of the next. */
    @Test
    void aSizeOfBinaryDataIsTheNumberThatStandsThere() {
        int bytes = 8;
        for (String size : List.of("-1", "9", "7.5", "8.25", "4294967304", "18446744073709551624", "1e300")) {
            String json = "{\"inputs\":[{\"name\":\"PCM\",\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":"
                    + "{\"sample_rate\":48000,\"binary_data_size\":" + size + "}}]}";
            HttpResponse<byte[]> answer =
                    served.send(served.post(INFER, (json + "\0".repeat(bytes)).getBytes(StandardCharsets.US_ASCII))
                            .header("Inference-Header-Content-Length", Integer.toString(json.length())));
            assertRefused(400, "PCM: binary_data_size: found ", answer);
        }
    }

    /** Wherever it breaks off, the request does, and not the text or number that happens to be there. */
    @Test
    void aRequestThatBreaksOffIsToldSo() {
        String whole =
                "{\"inputs\":[{\"name\":\"AUDIO\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"UklGRgAA\"]}]}";
        for (int length = 1; length < whole.length(); length++) {
            assertRefused(
                    400, "body: found no JSON that is read (breaks off in line 1", raw(whole.substring(0, length)));
        }
    }

    /** Names of the classes, constants and settings of who reads JSON here say nothing to who sent it. */
    @Test
    void saysWhatIsNoJsonInWordsOfItsOwn() {
        String input = "{\"inputs\":[{\"name\":\"PCM\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":";
        for (String[] each : new String[][] {
            {"", "request: found the end in line 1; expected an object"},
            {"[]", "request: found a list in line 1; expected an object"},
            {"null", "request: found null in line 1; expected an object"},
            {"{'id':1}", "body: found no JSON that is read (no JSON any more in line 1, column 2)"},
            {"{\n/* here */}", "body: found no JSON that is read (no JSON any more in line 2, column 1)"},
            {"{\"id\":\"\n\"}", "body: found no JSON that is read (no JSON any more in line "},
            {"{\"id\":\"\\u00zz\"}", "body: found no JSON that is read (no JSON any more in line 1"},
            {"{\"" + "a".repeat(60_000) + "\":1}", "body: found no JSON that is read (lists or objects too deep"},
            {"{\"inputs\":[{\"shape\":[99999999999999999999]}]}", "body: found no JSON that is read (a number beyond"},
            {"{\"id\":5}", "id: found a whole number in line 1; expected a text"},
            {"{\"parameters\":[]}", "parameters: found a list in line 1; expected an object"},
            {"{\"parameters\":{\"city\":{}}}", "parameter city: found an object; expected a text"},
            {"{\"outputs\":[{}]}", "output: found no name; expected one"},
            {"{\"inputs\":[{}]}", "input: found no name; expected a name, a datatype and a shape"},
            {"{\"inputs\":[{\"name\":\"PCM\",\"datatype\":\"FP32\"}]}", "input: found no shape; expected"},
            {input + "[true]}]}", "data: found a boolean; expected"},
            {input + "[null]}]}", "data: found null; expected"},
            {input + "[NaN]}]}", "body: found no JSON that is read (no JSON any more in line 1, column "},
        }) {
            HttpResponse<byte[]> answer = raw(each[0]);
            assertRefused(400, each[1], answer);
            String told = Served.text(answer);
            for (String foreign : List.of("_", "Feature", "Stream", "REDACTED", "JSON String", "code ", "`")) {
                assertFalse(told.contains(foreign), told);
            }
        }
        // What looks like UTF-32 in both orders, and is none.
        for (byte[] none : new byte[][] {{0, 0, 0, '{', 0, 0x11, 0, 0}, {'{', 0, 0, 0, -1, -1, -1, -1}}) {
            assertRefused(400, "body: found bytes that are no text", served.send(served.post(INFER, none)));
        }
    }

    private static HttpResponse<byte[]> raw(String json) {
        return served.send(served.post(INFER, json.getBytes(StandardCharsets.UTF_8)));
    }

    /** What a reader of JSON has bounds for has no place in its text, and is the sender's fault all the same. */
    @Test
    void takesNoJsonThatIsTooDeepTooLongOrFollowedByMore() {
        int deep = 5000;
        assertRefused(400, "body: found no JSON that is read", raw("{\"x\":" + "[".repeat(deep)));
        assertRefused(
                400, "body: found no JSON that is read", raw("{\"x\":" + "[".repeat(deep) + "]".repeat(deep) + "}"));
        assertRefused(
                400,
                "body: found no JSON that is read",
                raw("{\"inputs\":[{\"name\":\"PCM\",\"shape\":[" + "1".repeat(100_000) + "]}]}"));
        ObjectNode good = audio(BUS);
        assertRefused(400, "body: found no JSON that is read", raw(good + "more"));
        assertRefused(400, "body: found an object in line 1", raw(good.toString() + good));
        assertEquals(200, raw(good + " \n").statusCode());
    }
}
