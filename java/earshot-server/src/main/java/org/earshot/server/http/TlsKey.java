package org.earshot.server.http;

import io.grpc.util.CertificateUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/**
 * What the server shows who it is by.
 *
 * @param certificates PEM file of the chain, the server's own first
 * @param key PEM file of its private key, in PKCS #8, not encrypted
 */
public record TlsKey(Path certificates, Path key) {
    /** Both as Java has them. */
    KeyStore store() {
        try (InputStream chain = Files.newInputStream(certificates);
                InputStream secret = Files.newInputStream(key)) {
            X509Certificate[] read = CertificateUtils.getX509Certificates(chain);
            PrivateKey privateKey = CertificateUtils.getPrivateKey(secret);
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("earshot", privateKey, new char[0], read);
            return store;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    certificates + ", " + key + ": found no certificate and key (" + e.getMessage()
                            + "); expected PEM files, the key in PKCS #8, not encrypted",
                    e);
        }
    }
}
