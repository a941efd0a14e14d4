package org.earshot.server.grpc;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Accepts so many connections at once; one more is closed. Each takes a descriptor, of which a process has so many. */
final class CountedServerChannel extends NioServerSocketChannel {
    private final int most;
    private final AtomicInteger open = new AtomicInteger();

    CountedServerChannel(int most) {
        this.most = most;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // Their effects are all that is wanted.
    protected int doReadMessages(List<Object> accepted) throws Exception {
        int before = accepted.size();
        int count = super.doReadMessages(accepted);
        for (int i = accepted.size() - 1; i >= before; i--) {
            Channel connection = (Channel) accepted.get(i);
            if (open.incrementAndGet() > most) {
                open.decrementAndGet();
                accepted.remove(i);
                connection.unsafe().closeForcibly();
            } else {
                connection.closeFuture().addListener(closed -> open.decrementAndGet());
            }
        }
        return count;
    }
}
