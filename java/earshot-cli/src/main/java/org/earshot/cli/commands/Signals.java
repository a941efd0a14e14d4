package org.earshot.cli.commands;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.IntConsumer;

/** Signals that do something else than end the process in order. */
final class Signals {
    /** What a shell adds to a signal's number where it ended a process. */
    private static final int ENDED_BY = 128;

    private Signals() {}

    /**
     * Has something done whenever SIGHUP comes.
     *
     * @param work on a thread of its own
     * @return whether it will be: not where who started the process has it ignore the signal, as {@code nohup} does
     */
    static boolean onHangup(Runnable work) {
        return on("HUP", number -> work.run());
    }

    /** Has every further SIGTERM and Ctrl-C end the process at once: it ends already, and Java would not hear them. */
    static void endAtOnce() {
        for (String name : new String[] {"TERM", "INT"}) {
            on(name, number -> Runtime.getRuntime().halt(ENDED_BY + number));
        }
    }

    private static boolean on(String name, IntConsumer work) {
        try {
            // By name, as the compiler warns of sun.misc without a way to say that it is meant.
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Method number = signal.getMethod("getNumber");
            InvocationHandler handling = (proxy, method, arguments) -> switch (method.getName()) {
                case "handle" -> {
                    work.accept((int) number.invoke(arguments[0]));
                    yield null;
                }
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "SIG" + name;
            };
            Object proxy = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, handling);
            Object before = signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            return before != handler.getField("SIG_IGN").get(null);
        } catch (ReflectiveOperationException e) {
            // Systems without the signal do not send it.
            System.getLogger(Signals.class.getName()).log(System.Logger.Level.DEBUG, "no SIG" + name + " here", e);
            return false;
        }
    }
}
