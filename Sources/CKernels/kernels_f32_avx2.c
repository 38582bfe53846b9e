// Single precision for x86 with AVX2 and FMA (2013 and later).
#if defined(__x86_64__)
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define T float
#define I int32_t
#define LANES 8
#define FMA 1
#define WS(name) ws_##name##_f32_avx2
#define WS_SQRT sqrtf
#define MATH "math_f32.h"
#include "instance.h"
#pragma clang attribute pop
#endif
