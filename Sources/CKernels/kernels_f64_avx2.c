// Double precision for x86 with AVX2 and FMA.
#if defined(__x86_64__)
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define T double
#define I int64_t
#define LANES 4
#define FMA 1
#define WS(name) ws_##name##_f64_avx2
#define WS_SQRT sqrt
#define MATH "math_f64.h"
#include "instance.h"
#pragma clang attribute pop
#endif
