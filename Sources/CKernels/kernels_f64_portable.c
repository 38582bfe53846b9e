// Double precision for any CPU.
#include <stddef.h>
#include <stdint.h>
#define T double
#define I int64_t
#define LANES 2
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FMA 1
#else
#define FMA 0
#endif
#define WS(name) ws_##name##_f64_portable
#define WS_SQRT sqrt
#define MATH "math_f64.h"
#include "instance.h"
