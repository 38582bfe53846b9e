// Sixteen sub-blocks side by side, one in each lane: every sum then runs over a sub-block in the order of its elements, as the
// reference quantizers sum, and the lanes are what the processor does at once. Internal to this target.
#ifndef WS_LANES_H
#define WS_LANES_H
#include <math.h>
#include "elements.h"

// Vectors wider than the target's registers are passed to functions that are always inlined: there is no call whose ABI could differ.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 16 };
typedef float floats __attribute__((ext_vector_type(LANES)));
typedef int32_t ints __attribute__((ext_vector_type(LANES)));

// The largest magnitude, as bits: they order like the values, with infinities and NaN above all finite ones.
INLINE int32_t greatest(const byte *values, size_t n) {
  int32_t most = 0;
  for (size_t i = 0; i < n; i++) {
    const int32_t magnitude = (int32_t)(LOAD(uint32_t, values, i) & 0x7FFFFFFF);
    most = magnitude > most ? magnitude : most;
  }
  return most;
}

enum {
  INFINITE = 0x7F800000,
  // 2^36: far above what any block with half-precision scales holds (at most 65504 * 128 * 32), and far below where the
  // searches' sums of fourth powers leave the range of a float.
  TOO_LARGE = (127 + 36) << 23,
};

// In the order of the values, as the reference quantizers sum.
INLINE float sum_of_squares(const byte *values, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; i++) sum += LOAD(float, values, i) * LOAD(float, values, i);
  return sum;
}

// Whether a stored scale is no finite number.
INLINE int is_infinite(uint16_t half) { return (half & 0x7C00) == 0x7C00; }

INLINE floats choose(ints mask, floats yes, floats no) { return (floats)((mask & (ints)yes) | (~mask & (ints)no)); }
INLINE ints choose_int(ints mask, ints yes, ints no) { return (mask & yes) | (~mask & no); }
INLINE floats as_floats(ints v) { return __builtin_convertvector(v, floats); }
INLINE floats magnitude(floats v) { return __builtin_elementwise_abs(v); }
INLINE ints clamp(ints v, int lo, int hi) {
  return __builtin_elementwise_min(__builtin_elementwise_max(v, (ints)lo), (ints)hi);
}

// Nearest integer, ties to even: adding 1.5 * 2^23 rounds and leaves it in the low bits. Beyond 2^22 those bits are what they are,
// for the reference's codes there are the same bits: an infinity gives -2^22, a NaN 0.
INLINE ints nearest(floats v) { return ((ints)(v + 0x1.8p23f) & 0x7FFFFF) - 0x400000; }
INLINE int32_t nearest_one(float v) { return (int32_t)(bits_of(v + 0x1.8p23f) & 0x7FFFFF) - 0x400000; }
INLINE int32_t clamp_one(int32_t v, int32_t lo, int32_t hi) { return v < lo ? lo : v > hi ? hi : v; }

// The element of the largest magnitude with its sign, the first one where several are as large.
INLINE floats extreme(const floats *x, int n) {
  floats most = 0, value = 0;
  for (int i = 0; i < n; i++) {
    const floats m = magnitude(x[i]);
    const ints larger = m > most;
    most = choose(larger, m, most);
    value = choose(larger, x[i], value);
  }
  return value;
}

INLINE float extreme_one(const float *x, int n) {
  float most = 0, value = 0;
  for (int i = 0; i < n; i++)
    if (fabsf(x[i]) > most) {
      most = fabsf(x[i]);
      value = x[i];
    }
  return value;
}

// `lanes` sub-blocks of n values each, turned: x[i] is element i of each. The lanes beyond are zero.
INLINE void turn(floats *x, const byte *values, int n, int lanes) {
  float *cells = (float *)x;
  if (lanes < LANES) memset(cells, 0, (size_t)n * sizeof *x);
  for (int lane = 0; lane < lanes; lane++)
    for (int i = 0; i < n; i++) cells[i * LANES + lane] = LOAD(float, values, lane * n + i);
}

// What differs in each lane, for the code that finishes one sub-block at a time.
#define SPREAD(array, vector) \
  float array[LANES];         \
  memcpy(array, &(vector), sizeof array)

// Each entry is compiled twice from the same lines, and the wider one runs where the CPU has it.
#if defined(__x86_64__)
#define ENTRY(type, name, parameters, arguments)                                                        \
  __attribute__((target("avx2"))) static type name##_avx2 parameters { return name arguments; }        \
  static type name##_any parameters { return name arguments; }                                         \
  type ws_##name parameters {                                                                           \
    return __builtin_cpu_supports("avx2") ? name##_avx2 arguments : name##_any arguments;              \
  }
#else
#define ENTRY(type, name, parameters, arguments) \
  type ws_##name parameters { return name arguments; }
#endif
#define BLOCKS(name)                                                                              \
  ENTRY(ptrdiff_t, name##_encode, (void *blocks, const void *values, size_t count), (blocks, values, count)) \
  DECODER(name)
// Encoding of rows, with the importance of each column: f32, not negative.
#define WEIGHED(name)                                                                                             \
  ENTRY(ptrdiff_t, name##_weigh,                                                                                  \
        (void *blocks, const void *values, const void *importance, size_t rows, size_t columns),                 \
        (blocks, values, importance, rows, columns))
#define DECODER(name) ENTRY(void, name##_decode, (void *values, const void *blocks, size_t count), (values, blocks, count))
#endif
