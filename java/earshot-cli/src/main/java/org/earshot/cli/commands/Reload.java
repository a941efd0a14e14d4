package org.earshot.cli.commands;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.earshot.server.EarshotServer;

/**
 * Has a server load its models anew: once for all who ask before it has begun to, and once it has started for those who
 * ask while it starts, as it may have read its models by then.
 */
final class Reload implements Runnable {
    private final CompletableFuture<EarshotServer> started;
    private final AtomicBoolean asked = new AtomicBoolean();

    /**
     * Nobody has asked yet.
     *
     * @param started the server, when it has
     */
    Reload(CompletableFuture<EarshotServer> started) {
        this.started = started;
    }

    @Override
    public void run() {
        if (!asked.getAndSet(true)) {
            reload();
        }
    }

    private synchronized void reload() {
        EarshotServer server = started.join();
        asked.set(false);
        server.reload();
    }
}
