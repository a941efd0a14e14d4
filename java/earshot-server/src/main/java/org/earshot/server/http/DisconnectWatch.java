package org.earshot.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;

/**
 * Notices clients that go away while their answer is being made: in HTTP/1.1 that is the end of what they send, which
 * nobody reads at that time. (Go's server looks for it in the same way.)
 */
final class DisconnectWatch {
    private static final int PEEK = 1024;
    private static final System.Logger LOGGER = System.getLogger(DisconnectWatch.class.getName());

    private final Set<Watched> watched = ConcurrentHashMap.newKeySet();

    /** A connection that waits for its answer. */
    final class Watched {
        private final EndPoint endPoint;
        private final Connection connection;
        private final Runnable gone;
        /** Guarded by this. */
        private boolean over;

        private Watched(EndPoint endPoint, Connection connection, Runnable gone) {
            this.endPoint = endPoint;
            this.connection = connection;
            this.gone = gone;
        }

        /** The answer is there: from now on the connection is its own again. */
        void end() {
            watched.remove(this);
            synchronized (this) {
                over = true;
            }
        }

        private void look() {
            boolean left = false;
            synchronized (this) {
                if (over) {
                    return;
                }
                ByteBuffer next = BufferUtil.allocate(PEEK);
                try {
                    left = endPoint.fill(next) < 0;
                } catch (IOException e) {
                    left = true;
                }
                if (next.hasRemaining()) {
                    // The next request already: it keeps its place, and this client is there.
                    ((Connection.UpgradeTo) connection).onUpgradeTo(next);
                    over = true;
                }
            }
            if (left || over) {
                watched.remove(this);
            }
            if (left) {
                gone.run();
            }
        }
    }

    /**
     * Begins to watch a request whose body has been read.
     *
     * @param gone called if its client goes away
     */
    Watched watch(Request request, Runnable gone) {
        Connection connection = request.getConnectionMetaData().getConnection();
        Watched watch = new Watched(connection.getEndPoint(), connection, gone);
        watched.add(watch);
        return watch;
    }

    /** Looks after all of them. */
    void look() {
        for (Watched each : List.copyOf(watched)) {
            try {
                each.look();
            } catch (RuntimeException e) {
                // One connection is not to keep the others from being looked after.
                watched.remove(each);
                LOGGER.log(System.Logger.Level.WARNING, "a connection cannot be watched", e);
            }
        }
    }
}
