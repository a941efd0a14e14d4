/**
 * The {@code portable} backend: every layer in plain Java, readable beside tools/reference/spec/models.md. It runs
 * where no native library does; like every other backend it is held to the formulas in double precision (the tests'
 * {@code ReferenceLayers}) and to PyTorch's outputs.
 *
 * <h2>Why the code looks as it does</h2>
 *
 * Nearly all time goes into loops that the just-in-time compiler must turn into vector instructions. HotSpot's compiler
 * of JDK 17 does so only for loops that store to one array and index every array by the same variable; it gives up on
 * {@code x[a + t]} next to {@code x[b + t]}, on loops of many arrays, and on bit patterns of floats, and it needs some
 * hundred iterations to pay. Hence
 *
 * <ul>
 *   <li>a tile of positions is held <em>planar</em>: one {@code float[]} per channel, the positions along it
 *       ({@code rows[channel][position]}), so that inner loops are long whatever the number of channels;
 *   <li>shifted reads (convolutions) are copied into rows of their own first;
 *   <li>the exponential function is written without a look at bits ({@link org.earshot.backend.portable.Elementwise}).
 * </ul>
 *
 * Results do not depend on the number of threads: a task's arithmetic is fixed, and Java's float arithmetic gives the
 * same value in a vector as alone.
 */
package org.earshot.backend.portable;
