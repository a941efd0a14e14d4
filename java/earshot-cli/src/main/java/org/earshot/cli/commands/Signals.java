package org.earshot.cli.commands;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/** Signals that are not to end the process. */
final class Signals {
    private Signals() {}

    /**
     * Has something done whenever SIGHUP comes.
     *
     * @param work on a thread of its own
     * @return whether it will be: not where who started the process has it ignore the signal, as {@code nohup} does
     */
    static boolean onHangup(Runnable work) {
        try {
            // By name, as the compiler warns of sun.misc without a way to say that it is meant.
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler handling = (proxy, method, arguments) -> switch (method.getName()) {
                case "handle" -> {
                    work.run();
                    yield null;
                }
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "SIGHUP";
            };
            Object proxy = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, handling);
            Object before = signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), proxy);
            return before != handler.getField("SIG_IGN").get(null);
        } catch (ReflectiveOperationException e) {
            // Systems without the signal do not send it.
            System.getLogger(Signals.class.getName()).log(System.Logger.Level.DEBUG, "no SIGHUP here", e);
            return false;
        }
    }
}
