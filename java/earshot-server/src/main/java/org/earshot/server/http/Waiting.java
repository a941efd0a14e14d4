package org.earshot.server.http;

import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** All that somebody waits for. Thread-safe. */
final class Waiting {
    private final Set<Unfinished> all = ConcurrentHashMap.newKeySet();

    void add(Unfinished each) {
        all.add(each);
    }

    void remove(Unfinished each) {
        all.remove(each);
    }

    /** Where all are who wait. */
    Set<SocketAddress> clients() {
        return all.stream().map(Unfinished::client).collect(Collectors.toSet());
    }

    /** Tells all who wait that the server ends. */
    void giveUp() {
        all.forEach(Unfinished::giveUp);
    }

    /** Does something that may take a while, and may wait for a client, beside everything else. */
    static void beside(Runnable work) {
        Thread thread = new Thread(work, "earshot-server-end");
        thread.setDaemon(true);
        thread.start();
    }
}
