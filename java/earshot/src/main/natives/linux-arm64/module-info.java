/** Earshot's native libraries for Linux on 64-bit ARM, which lie where org.earshot looks for them, and nothing else. */
open module org.earshot.linux.arm64 {
    requires org.bytedeco.javacpp.linux.arm64;
}
