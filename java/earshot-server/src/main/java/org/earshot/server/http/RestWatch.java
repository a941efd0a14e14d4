package org.earshot.server.http;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;

/**
 * Ends connections on which nobody has asked for anything for too long. One that does nothing Jetty ends by itself; one
 * on which a handshake or a head comes byte by byte is never idle, and who opens enough of them would have them all.
 * For one thread at a time.
 */
final class RestWatch {
    private final Waiting waiting;
    private final long most;
    private final Map<EndPoint, Rest> resting = new HashMap<>();

    /** Since when a connection rests, and how many requests it had had by then. */
    private record Rest(long requests, long since) {}

    /**
     * Makes the watch.
     *
     * @param waiting whose connections do not rest
     * @param most how long one may rest
     */
    RestWatch(Waiting waiting, Duration most) {
        this.waiting = waiting;
        this.most = most.toNanos();
    }

    /**
     * Looks after all of them.
     *
     * @param connected the connections that there are
     * @param now the time, in nanoseconds
     */
    void look(Collection<EndPoint> connected, long now) {
        Set<SocketAddress> clients = waiting.clients();
        resting.keySet().retainAll(connected);
        for (EndPoint each : List.copyOf(connected)) {
            if (clients.contains(each.getRemoteSocketAddress())) {
                resting.remove(each);
                continue;
            }
            long requests = requests(each.getConnection());
            Rest rest = resting.get(each);
            if (rest == null || rest.requests() != requests) {
                resting.put(each, new Rest(requests, now));
            } else if (now - rest.since() > most) {
                each.close();
            }
        }
    }

    private static long requests(Connection connection) {
        return connection instanceof SslConnection tls
                ? requests(tls.getSslEndPoint().getConnection())
                : connection.getMessagesIn();
    }
}
