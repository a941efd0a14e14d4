package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.GRPCInferenceServiceGrpc;
import inference.OpenInferenceGrpc.ServerReadyRequest;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.earshot.Classifier;
import org.earshot.ClassifierListener;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.error.ModelException;
import org.earshot.server.service.Deadline;
import org.earshot.server.service.Failure;
import org.earshot.server.service.Limits;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.ModelSource;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.SceneService;
import org.earshot.server.service.ServedVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How servers begin, change and end. */
class LifeTest {
    private static final byte[] BUS = Served.sample("bus");

    @TempDir
    private Path folder;

    private static void copyModel(Path to) throws IOException {
        Files.createDirectories(to);
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(Served.MODEL.resolve(name), to.resolve(name));
        }
    }

    /** One client that never stops asking, while the model is loaded anew again and again. */
    @Test
    void nobodyNoticesThatAModelIsLoadedAnew() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService others = Executors.newCachedThreadPool();
        try (Served served = new Served()) {
            Future<Integer> asking = others.submit(() -> {
                int answers = 0;
                while (!over.get()) {
                    HttpResponse<byte[]> answer = served.send(served.post("/classify", BUS));
                    assertEquals(200, answer.statusCode(), () -> Served.text(answer));
                    answers++;
                }
                return answers;
            });
            for (int i = 0; i < 3; i++) {
                assertEquals(
                        200,
                        served.send(served.post("/v2/repository/models/demo/load", new byte[0]))
                                .statusCode());
            }
            served.server.reload();
            over.set(true);
            assertTrue(asking.get() > 0);
        } finally {
            others.shutdownNow();
        }
    }

    /** More than there are threads: each of them that waited would keep one. */
    @Test
    void manyWhoHaveAModelLoadedTakeNobodysPlace() throws Exception {
        ExecutorService others = Executors.newCachedThreadPool();
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicBoolean started = new AtomicBoolean();
        try (Served served = new Served(builder -> builder.loading(model -> {
            if (started.get()) {
                loading.countDown();
                awaitQuietly(goOn);
            }
            return model;
        }))) {
            started.set(true);
            String load = "/v2/repository/models/demo/load";
            Future<HttpResponse<byte[]>> first = others.submit(() -> served.send(served.post(load, new byte[0])));
            loading.await();
            List<Future<HttpResponse<byte[]>>> further = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                further.add(others.submit(() -> served.send(served.post(load, new byte[0]))));
            }
            for (Future<HttpResponse<byte[]>> each : further) {
                assertEquals(503, each.get().statusCode(), () -> "while it is being loaded");
                assertEquals("1", each.get().headers().firstValue("Retry-After").orElseThrow());
            }
            assertEquals(200, served.get("/v2/health/live").statusCode());
            goOn.countDown();
            assertEquals(200, first.get().statusCode());
            assertEquals(200, served.send(served.post(load, new byte[0])).statusCode());
        } finally {
            goOn.countDown();
            others.shutdownNow();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whatCannotBeLoadedLeavesTheOneBefore() throws IOException {
        Path model = folder.resolve("street");
        copyModel(model);
        try (Served served = new Served(builder -> builder, ModelSource.parse(model.toString()))) {
            Files.writeString(model.resolve("config.json"), "{}");
            HttpResponse<byte[]> refused = served.send(served.post("/v2/repository/models/street/load", new byte[0]));
            assertEquals(500, refused.statusCode());
            assertTrue(Served.text(refused).contains("the one before goes on"), Served.text(refused));
            assertTrue(!Served.text(refused).contains(folder.toString()), "no path of the server's is told");
            assertEquals(
                    200, served.send(served.post("/classify?model=street", BUS)).statusCode());
        }
    }

    /** Neither at the start nor later is a version kept that was loaded beside one that cannot be. */
    @Test
    void whatIsLoadedForNothingIsClosed() throws IOException {
        List<Classifier<?, ?>> loaded = new ArrayList<>();
        Function<Path, SceneClassifier.Builder> builders = directory -> SceneClassifier.builder(directory)
                .backend("portable")
                .listener(new ClassifierListener() {
                    @Override
                    public void loaded(Classifier<?, ?> classifier) {
                        loaded.add(classifier);
                    }
                });
        copyModel(folder.resolve("1"));
        copyModel(folder.resolve("2"));
        Files.writeString(folder.resolve("2").resolve("config.json"), "{}");
        List<ModelSource> sources = List.of(new ModelSource("street", folder));
        assertThrows(ModelException.class, () -> new ModelRepository(sources, builders));
        assertEquals(1, loaded.size());
        assertFalse(loaded.get(0).health().isReady());
        Files.move(folder.resolve("2"), folder.resolve("9"));
        Files.move(folder.resolve("9").resolve("config.json"), folder.resolve("broken"));
        try (ModelRepository models = new ModelRepository(sources, builders)) {
            copyModel(folder.resolve("2"));
            Files.move(folder.resolve("broken"), folder.resolve("9").resolve("config.json"));
            assertThrows(RequestException.class, () -> models.load("street"));
            List<Boolean> ready =
                    loaded.stream().map(each -> each.health().isReady()).toList();
            // Of the first attempt, of the start, its replacement, and the version that is not served.
            assertEquals(List.of(false, false, true, false), ready);
        }
    }

    /** Who asked for a version just before it went is told to come again, not that the server is broken. */
    @Test
    void aVersionThatIsGoneIsNoFault() throws IOException {
        copyModel(folder.resolve("1"));
        copyModel(folder.resolve("2"));
        try (ModelRepository models = new ModelRepository(
                        List.of(new ModelSource("street", folder)),
                        directory -> SceneClassifier.builder(directory).backend("portable"));
                SceneService service = new SceneService(Limits.DEFAULT, Optional.empty())) {
            ServedVersion gone = models.model("street").version("1");
            Files.move(folder.resolve("1"), folder.resolve("old"));
            models.load("street");
            RuntimeException e = assertThrows(
                    RuntimeException.class,
                    () -> service.analyse(
                            gone,
                            List.of(service.recording(BUS, "bus")),
                            RecordingContext.unknown(),
                            Deadline.in(Duration.ofMinutes(1))));
            assertEquals(Problem.UNAVAILABLE, Failure.of(e).problem());
        }
    }

    @Test
    void servesVersionsByTheirNumbers() throws IOException {
        copyModel(folder.resolve("1"));
        copyModel(folder.resolve("3"));
        try (Served served = new Served(
                builder -> builder, new ModelSource("demo", Served.MODEL), new ModelSource("street", folder))) {
            assertEquals(
                    "[\"1\",\"3\"]",
                    Served.json(served.get("/v2/models/street")).get("versions").toString());
            assertEquals(200, served.get("/v2/models/street/versions/1/ready").statusCode());
            assertEquals(404, served.get("/v2/models/street/versions/2/ready").statusCode());
            copyModel(folder.resolve("2"));
            Files.move(folder.resolve("1"), folder.resolve("old"));
            served.send(served.post("/v2/repository/models/street/load", new byte[0]));
            assertEquals(
                    "[\"2\",\"3\"]",
                    Served.json(served.get("/v2/models/street")).get("versions").toString());
            assertEquals(
                    "street",
                    Served.json(served.send(served.post(
                                    "/v2/models/street/versions/2/infer",
                                    ("{\"inputs\":[{\"name\":\"AUDIO\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\""
                                                    + Base64.getEncoder().encodeToString(BUS) + "\"]}]}")
                                            .getBytes(StandardCharsets.UTF_8))))
                            .get("model_name")
                            .asText());
        }
    }

    @Test
    void modelsHaveNamesOfTheirOwn() {
        ModelSource source = ModelSource.parse("street=" + Served.MODEL);
        assertEquals("street", source.name());
        assertEquals("demo-model", ModelSource.parse(Served.MODEL.toString()).name());
        assertThrows(ModelException.class, () -> new ModelSource("a/b", Served.MODEL));
        assertThrows(ModelException.class, () -> new Served(builder -> builder, source, source));
        assertThrows(ModelException.class, () -> new Served(builder -> builder, new ModelSource("empty", folder)));
    }

    @Test
    void encryptsByThePemFiles() throws Exception {
        KeyStore keys = keys("EC");
        Path certificate = pem("certificate", keys);
        Path key = pem("key", keys);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("x", keys.getCertificate("x"));
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        try (Served served = new Served(builder -> builder.tls(certificate, key))) {
            HttpResponse<String> answer = HttpClient.newBuilder()
                    .sslContext(context)
                    .build()
                    .send(
                            HttpRequest.newBuilder(
                                            URI.create("https://localhost:" + served.server.port() + "/classify"))
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(BUS))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertEquals("Bus", Served.json(answer.body()).get("label").asText());
            ManagedChannel channel = NettyChannelBuilder.forAddress(
                            "localhost",
                            served.server.grpcPort(),
                            TlsChannelCredentials.newBuilder()
                                    .trustManager(certificate.toFile())
                                    .build())
                    .build();
            assertTrue(GRPCInferenceServiceGrpc.newBlockingStub(channel)
                    .serverReady(ServerReadyRequest.getDefaultInstance())
                    .getReady());
            channel.shutdownNow();
        }
    }

    /** Otherwise all clients would fail, and the server's log say nothing of why. */
    @Test
    void certificateAndKeyBelongTogether() throws Exception {
        KeyStore keys = keys("EC");
        KeyStore others = keys("EC");
        KeyStore third = keys("RSA");
        Path certificate = pem("certificate", keys);
        Path key = pem("key", keys);
        Path empty = Files.createFile(folder.resolve("empty"));
        Path der = Files.write(folder.resolve("der"), keys.getCertificate("x").getEncoded());
        EarshotServer.Builder builder = EarshotServer.of(new ModelSource("demo", Served.MODEL));
        builder.tls(certificate, key);
        builder.tls(pem("certificate-rsa", third), pem("key-rsa", third));
        for (Path[] pair : new Path[][] {
            {key, certificate},
            {certificate, pem("key-other", others)},
            {certificate, pem("key-rsa", third)},
            {pem("certificate-rsa", third), key},
            {empty, key},
            {der, key},
            {folder, key},
            {certificate, empty},
            {certificate, folder.resolve("absent")},
        }) {
            String told = assertThrows(IllegalArgumentException.class, () -> builder.tls(pair[0], pair[1]))
                    .getMessage();
            assertTrue(told.contains(": found ") && told.contains("; expected "), told);
        }
    }

    /** A key and its certificate, which are new. */
    private KeyStore keys(String algorithm) throws Exception {
        Path store = Files.createTempDirectory(folder, "keys").resolve("store.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "x",
                        "-keyalg",
                        algorithm,
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "changeit")
                .inheritIO()
                .start();
        assertEquals(0, keytool.waitFor());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "changeit".toCharArray());
        }
        return keys;
    }

    /** Writes what a name begins with. */
    private Path pem(String name, KeyStore keys) throws Exception {
        boolean secret = name.startsWith("key");
        String kind = secret ? "PRIVATE KEY" : "CERTIFICATE";
        byte[] content = secret
                ? keys.getKey("x", "changeit".toCharArray()).getEncoded()
                : keys.getCertificate("x").getEncoded();
        return Files.writeString(
                folder.resolve(name),
                "-----BEGIN " + kind + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + kind
                        + "-----\n");
    }
}
