/* CUDA's vector types, with the sizes and alignments that the device's wide loads have. */
#pragma once

#define EARSHOT_EMULATION_VECTOR2(Element, name, alignment)                                                            \
    struct alignas(alignment) name##2 {                                                                                \
        Element x, y;                                                                                                  \
    };                                                                                                                 \
    inline name##2 make_##name##2(Element x, Element y) { return name##2{x, y}; }

#define EARSHOT_EMULATION_VECTOR3(Element, name)                                                                       \
    struct name##3 {                                                                                                   \
        Element x, y, z;                                                                                               \
    };                                                                                                                 \
    inline name##3 make_##name##3(Element x, Element y, Element z) { return name##3{x, y, z}; }

#define EARSHOT_EMULATION_VECTOR4(Element, name, alignment)                                                            \
    struct alignas(alignment) name##4 {                                                                                \
        Element x, y, z, w;                                                                                            \
    };                                                                                                                 \
    inline name##4 make_##name##4(Element x, Element y, Element z, Element w) { return name##4{x, y, z, w}; }

EARSHOT_EMULATION_VECTOR2(signed char, char, 2)
EARSHOT_EMULATION_VECTOR4(signed char, char, 4)
EARSHOT_EMULATION_VECTOR2(unsigned char, uchar, 2)
EARSHOT_EMULATION_VECTOR4(unsigned char, uchar, 4)
EARSHOT_EMULATION_VECTOR2(short, short, 4)
EARSHOT_EMULATION_VECTOR4(short, short, 8)
EARSHOT_EMULATION_VECTOR2(unsigned short, ushort, 4)
EARSHOT_EMULATION_VECTOR4(unsigned short, ushort, 8)
EARSHOT_EMULATION_VECTOR2(int, int, 8)
EARSHOT_EMULATION_VECTOR3(int, int)
EARSHOT_EMULATION_VECTOR4(int, int, 16)
EARSHOT_EMULATION_VECTOR2(unsigned, uint, 8)
EARSHOT_EMULATION_VECTOR3(unsigned, uint)
EARSHOT_EMULATION_VECTOR4(unsigned, uint, 16)
EARSHOT_EMULATION_VECTOR2(float, float, 8)
EARSHOT_EMULATION_VECTOR3(float, float)
EARSHOT_EMULATION_VECTOR4(float, float, 16)
EARSHOT_EMULATION_VECTOR2(double, double, 16)
EARSHOT_EMULATION_VECTOR2(long long, longlong, 16)

#undef EARSHOT_EMULATION_VECTOR2
#undef EARSHOT_EMULATION_VECTOR3
#undef EARSHOT_EMULATION_VECTOR4

struct dim3 {
    unsigned x, y, z;

    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return uint3{x, y, z}; }
};
