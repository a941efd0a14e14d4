/** Earshot's native libraries for Linux on 64-bit x86, which lie where org.earshot looks for them, and nothing else. */
open module org.earshot.linux.x86_64 {
    requires org.bytedeco.javacpp.linux.x86_64;
}
