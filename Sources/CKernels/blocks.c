// Quantized layouts. Float32 throughout, every operation rounded, no fused multiply-add: the codes are those of the reference
// programs to the bit (formats section 8.2).
#include "blocks.h"
#include "elements.h"

// The largest magnitude, as bits: they order like the values, with infinities and NaN above all finite ones.
INLINE int32_t greatest(const byte *values, size_t n) {
  int32_t most = 0;
  for (size_t i = 0; i < n; i++) {
    const int32_t magnitude = (int32_t)(LOAD(uint32_t, values, i) & 0x7FFFFFFF);
    most = magnitude > most ? magnitude : most;
  }
  return most;
}

enum { INFINITE = 0x7F800000, Q8_0_VALUES = 32, Q8_0_BYTES = 34 };

INLINE ptrdiff_t q8_0_encode(byte *blocks, const byte *values, size_t count) {
  for (size_t b = 0; b < count; b++) {
    byte *block = blocks + b * Q8_0_BYTES;
    const byte *x = values + b * Q8_0_VALUES * 4;
    const int32_t most = greatest(x, Q8_0_VALUES);
    if (most >= INFINITE) return (ptrdiff_t)b;
    const float scale = float_of((uint32_t)most) / 127.0f, inverse = scale != 0 ? 1.0f / scale : 0;
    const uint16_t half = f16_of(bits_of(scale));
    if (half == 0x7C00) return (ptrdiff_t)b;
    STORE(block, 0, half);
    if (bits_of(inverse) == INFINITE) {  // a scale below 2^-128: the half is 0, and so are the reference's codes
      memset(block + 2, 0, Q8_0_VALUES);
      continue;
    }
    for (size_t i = 0; i < Q8_0_VALUES; i++) {
      // C roundf: halves away from zero. At most 127.00001 in magnitude, so that the integer is exact.
      const float v = LOAD(float, x, i) * inverse;
      const int32_t whole = (int32_t)v;
      const float rest = v - (float)whole;
      block[2 + i] = (byte)(whole + (rest >= 0.5f) - (rest <= -0.5f));
    }
  }
  return -1;
}

INLINE void q8_0_decode(byte *values, const byte *blocks, size_t count) {
  for (size_t b = 0; b < count; b++) {
    const byte *block = blocks + b * Q8_0_BYTES;
    const float scale = from_f16(LOAD(uint16_t, block, 0));
    byte *x = values + b * Q8_0_VALUES * 4;
    for (size_t i = 0; i < Q8_0_VALUES; i++) STORE(x, i, (float)(int8_t)block[2 + i] * scale);
  }
}

INLINE ptrdiff_t int8_rows_encode(byte *codes, byte *scales, const byte *values, size_t rows, size_t n) {
  for (size_t r = 0; r < rows; r++) {
    const byte *x = values + r * n * 4;
    byte *q = codes + r * n;
    const int32_t most = greatest(x, n);
    if (most >= INFINITE) return (ptrdiff_t)r;
    const float quotient = float_of((uint32_t)most) / 127.0f;
    const float scale = quotient > 0 ? quotient : 1;  // nothing but zeros: any scale will do, none may be 0
    STORE(scales, r, scale);
    for (size_t i = 0; i < n; i++) {
      const float v = LOAD(float, x, i) / scale;
      const float clamped = v > 127.0f ? 127.0f : v < -127.0f ? -127.0f : v;
      // Adding 1.5 * 2^23 rounds to an integer, ties to even, and leaves it in the low bits.
      q[i] = (byte)bits_of(clamped + 0x1.8p23f);
    }
  }
  return -1;
}

INLINE void int8_rows_decode(byte *values, const byte *codes, const byte *scales, size_t rows, size_t n) {
  for (size_t r = 0; r < rows; r++) {
    const float scale = LOAD(float, scales, r);
    for (size_t i = 0; i < n; i++) STORE(values + r * n * 4, i, (float)(int8_t)codes[r * n + i] * scale);
  }
}

// Each entry is compiled twice from the same lines, and the wider one runs where the CPU has it.
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
AVX2 static ptrdiff_t q8_0_encode_avx2(byte *b, const byte *v, size_t n) { return q8_0_encode(b, v, n); }
AVX2 static void q8_0_decode_avx2(byte *v, const byte *b, size_t n) { q8_0_decode(v, b, n); }
AVX2 static ptrdiff_t int8_rows_encode_avx2(byte *q, byte *s, const byte *v, size_t r, size_t n) {
  return int8_rows_encode(q, s, v, r, n);
}
AVX2 static void int8_rows_decode_avx2(byte *v, const byte *q, const byte *s, size_t r, size_t n) {
  int8_rows_decode(v, q, s, r, n);
}
#define DISPATCH(name, ...) (__builtin_cpu_supports("avx2") ? name##_avx2(__VA_ARGS__) : name(__VA_ARGS__))
#else
#define DISPATCH(name, ...) name(__VA_ARGS__)
#endif

ptrdiff_t ws_q8_0_encode(void *blocks, const void *values, size_t count) {
  return DISPATCH(q8_0_encode, blocks, values, count);
}

void ws_q8_0_decode(void *values, const void *blocks, size_t count) { DISPATCH(q8_0_decode, values, blocks, count); }

ptrdiff_t ws_int8_rows_encode(void *codes, void *scales, const void *values, size_t rows, size_t columns) {
  return DISPATCH(int8_rows_encode, codes, scales, values, rows, columns);
}

void ws_int8_rows_decode(void *values, const void *codes, const void *scales, size_t rows, size_t columns) {
  DISPATCH(int8_rows_decode, values, codes, scales, rows, columns);
}
