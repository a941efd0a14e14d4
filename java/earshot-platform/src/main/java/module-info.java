/**
 * Earshot with the native kernels of every platform that has some: an application that is a module requires this one.
 */
// What is beside it on the module path has names by their modules only.
@SuppressWarnings("module")
module org.earshot.platform {
    requires transitive org.earshot;
    requires org.earshot.linux.arm64;
    requires org.earshot.linux.x86_64;
}
