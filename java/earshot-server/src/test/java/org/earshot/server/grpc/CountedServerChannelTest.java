package org.earshot.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.Test;

/** One connection more than there may be is closed, until another is gone. */
class CountedServerChannelTest {
    private static final int SHORT_MILLIS = 200;

    @Test
    @SuppressWarnings("FutureReturnValueIgnored") // It ends by itself.
    void acceptsSoManyAtOnce() throws IOException, InterruptedException {
        EventLoopGroup events = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            Channel server = new ServerBootstrap()
                    .group(events)
                    .channelFactory(() -> new CountedServerChannel(2))
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel connection) {
                            // Nobody reads.
                        }
                    })
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            try (Socket first = connected(port)) {
                assertStays(first);
                try (Socket second = connected(port)) {
                    assertStays(second);
                    try (Socket third = connected(port)) {
                        assertEquals(-1, third.getInputStream().read(), "closed");
                    }
                    assertStays(second);
                }
                // The server may notice a little later that the second is gone.
                for (boolean accepted = false; !accepted; ) {
                    try (Socket next = connected(port)) {
                        accepted = stays(next);
                    }
                }
                assertStays(first);
            }
        } finally {
            events.shutdownGracefully();
        }
    }

    private static Socket connected(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(SHORT_MILLIS);
        return socket;
    }

    private static void assertStays(Socket socket) {
        assertThrows(SocketTimeoutException.class, () -> socket.getInputStream().read(), "nothing comes, nor the end");
    }

    private static boolean stays(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            return true;
        }
    }
}
