package org.earshot.server.http;

import java.net.SocketAddress;

/** What somebody waits for: a request that is not answered yet, or a socket. */
interface Unfinished {
    /** Where he is who waits. */
    SocketAddress client();

    /** Tells whoever waits that the server ends. Does not wait for him. */
    void giveUp();
}
