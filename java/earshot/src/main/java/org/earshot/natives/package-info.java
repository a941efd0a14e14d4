/**
 * Native libraries out of jars: unpacked where nobody else can write, checked, loaded, and, where that fails, why.
 *
 * <p>A library is code, and whoever can put a file in its place runs code as this user. So libraries are unpacked into
 * a folder that belongs to this user and that only this user can write ({@link org.earshot.natives.PrivateFolder}),
 * under a name that holds the digest of what is in it, and are compared with the jar before they are loaded
 * ({@link org.earshot.natives.NativeBundle}). JavaCPP's own folder is chosen by name and trusted by size and time
 * ({@link org.earshot.natives.JavaCpp}).
 */
package org.earshot.natives;
