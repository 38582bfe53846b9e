// Single precision for any CPU: 128-bit vectors, which the compiler lowers to what the target has (SSE2, NEON).
#include <stddef.h>
#include <stdint.h>
#define T float
#define I int32_t
#define LANES 4
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FMA 1
#else
#define FMA 0
#endif
#define WS(name) ws_##name##_f32_portable
#define WS_SQRT sqrtf
#define MATH "math_f32.h"
#include "instance.h"
