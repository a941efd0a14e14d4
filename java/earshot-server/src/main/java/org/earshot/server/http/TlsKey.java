package org.earshot.server.http;

import io.grpc.util.CertificateUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import org.earshot.files.IoReason;

/**
 * What the server shows who it is by.
 *
 * @param certificates PEM file of the chain, the server's own first
 * @param key PEM file of its private key, in PKCS #8, not encrypted
 */
public record TlsKey(Path certificates, Path key) {
    private static final String BEGIN = "-----BEGIN CERTIFICATE-----";

    /**
     * Both as Java has them.
     *
     * @return a store whose password is empty
     * @throws IllegalArgumentException if one of them cannot be read, or they do not belong together: every client
     *     would be told no more than that its handshake fails
     */
    public KeyStore store() {
        requirePem();
        X509Certificate[] chain = read(certificates, "PEM file of certificates", CertificateUtils::getX509Certificates);
        PrivateKey secret =
                read(key, "PEM file of a key, RSA or EC, in PKCS #8, not encrypted", CertificateUtils::getPrivateKey);
        try {
            if (chain.length == 0 || !fit(chain[0].getPublicKey(), secret)) {
                throw wrong(certificates, "no certificate of the key in " + key, "that one first", null);
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("earshot", secret, new char[0], chain);
            return store;
        } catch (IOException | GeneralSecurityException e) {
            throw wrong(certificates, "what Java has no store for (" + e.getMessage() + ")", "a usual certificate", e);
        }
    }

    /** Java reads certificates in other forms as well, which gRPC does not. */
    private void requirePem() {
        try {
            if (!Files.readString(certificates, StandardCharsets.ISO_8859_1).contains(BEGIN)) {
                throw wrong(certificates, "no \"" + BEGIN + "\"", "a PEM file of certificates", null);
            }
        } catch (IOException e) {
            throw wrong(
                    certificates,
                    "a file that cannot be read (" + IoReason.of(e) + ")",
                    "a PEM file of certificates",
                    e);
        }
    }

    /** Reads one of the files. */
    @FunctionalInterface
    private interface Reader<T> {
        T read(InputStream pem) throws IOException, GeneralSecurityException;
    }

    private static <T> T read(Path file, String expected, Reader<T> reader) {
        try (InputStream pem = Files.newInputStream(file)) {
            return reader.read(pem);
        } catch (IOException e) {
            throw wrong(file, "a file that cannot be read (" + IoReason.of(e) + ")", "a " + expected, e);
        } catch (GeneralSecurityException e) {
            throw wrong(file, "something else (" + e.getMessage() + ")", "a " + expected, e);
        }
    }

    /** Whether what the one signs is taken by the other. */
    private static boolean fit(PublicKey open, PrivateKey secret) throws GeneralSecurityException {
        if (!open.getAlgorithm().equals(secret.getAlgorithm())) {
            return false;
        }
        Signature signature =
                Signature.getInstance(secret.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
        byte[] text = {1};
        signature.initSign(secret);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(open);
        signature.update(text);
        try {
            return signature.verify(signed);
        } catch (SignatureException e) {
            return false; // Of another length: of a key of another size.
        }
    }

    private static IllegalArgumentException wrong(Path file, String found, String expected, Exception cause) {
        return new IllegalArgumentException(file + ": found " + found + "; expected " + expected, cause);
    }
}
