/* Atomic operations. A thread is never interrupted between two waits, so that plain code is atomic. */
#pragma once

namespace earshot::emulation {

template <class T> T replace(T *address, T value) {
    const T old = *address;
    *address = value;
    return old;
}

} // namespace earshot::emulation

inline int atomicAdd(int *address, int value) {
    // Wraps, as on the device.
    return earshot::emulation::replace(address, static_cast<int>(static_cast<unsigned>(*address) +
                                                                 static_cast<unsigned>(value)));
}
inline unsigned atomicAdd(unsigned *address, unsigned value) {
    return earshot::emulation::replace(address, *address + value);
}
inline unsigned long long atomicAdd(unsigned long long *address, unsigned long long value) {
    return earshot::emulation::replace(address, *address + value);
}
inline float atomicAdd(float *address, float value) { return earshot::emulation::replace(address, *address + value); }
inline double atomicAdd(double *address, double value) {
    return earshot::emulation::replace(address, *address + value);
}

inline int atomicMax(int *address, int value) {
    return earshot::emulation::replace(address, *address > value ? *address : value);
}
inline unsigned atomicMax(unsigned *address, unsigned value) {
    return earshot::emulation::replace(address, *address > value ? *address : value);
}
inline int atomicMin(int *address, int value) {
    return earshot::emulation::replace(address, *address < value ? *address : value);
}
inline unsigned atomicMin(unsigned *address, unsigned value) {
    return earshot::emulation::replace(address, *address < value ? *address : value);
}

inline int atomicExch(int *address, int value) { return earshot::emulation::replace(address, value); }
inline unsigned atomicExch(unsigned *address, unsigned value) { return earshot::emulation::replace(address, value); }
inline float atomicExch(float *address, float value) { return earshot::emulation::replace(address, value); }

inline int atomicCAS(int *address, int expected, int value) {
    return earshot::emulation::replace(address, *address == expected ? value : *address);
}
inline unsigned atomicCAS(unsigned *address, unsigned expected, unsigned value) {
    return earshot::emulation::replace(address, *address == expected ? value : *address);
}

inline unsigned atomicOr(unsigned *address, unsigned value) {
    return earshot::emulation::replace(address, *address | value);
}
inline unsigned atomicAnd(unsigned *address, unsigned value) {
    return earshot::emulation::replace(address, *address & value);
}
