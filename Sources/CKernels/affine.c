// Codes with a scale and a zero per group. Float32, every operation rounded, no fused multiply-add, so that numpy gives the same bits.
#include "affine.h"
#include "lanes.h"

enum { STEPS = 36, WIDTH = 8 };
typedef float singles __attribute__((ext_vector_type(WIDTH)));
typedef double doubles __attribute__((ext_vector_type(WIDTH)));

typedef struct {
  int32_t lowest, highest;
} Range;

INLINE float bound(float v) { return v > 1024.0f ? 1024.0f : v < -1024.0f ? -1024.0f : v; }

INLINE int32_t code_of(float value, float scale, int32_t zero, Range range) {
  const int32_t code = nearest_one(bound(value / scale)) + zero;
  return clamp_one(code, range.lowest, range.highest);
}

INLINE int32_t zero_of(const byte *zeros, size_t group, int bits) {
  return zeros ? zeros[group] : 1 << (bits - 1);
}

INLINE ptrdiff_t affine_fit(byte *scales, byte *zeros, const byte *values, size_t groups, size_t n, int bits) {
  for (size_t g = 0; g < groups; g++) {
    const byte *x = values + g * n * 4;
    const int32_t most = greatest(x, n);
    if (most >= INFINITE) return (ptrdiff_t)g;
    float quotient;
    if (zeros) {
      const float top = (float)((1 << bits) - 1);
      float lo = 0, hi = 0;
      for (size_t i = 0; i < n; i++) {
        const float v = LOAD(float, x, i);
        lo = v < lo ? v : lo;
        hi = v > hi ? v : hi;
      }
      if (bits_of(hi - lo) == INFINITE) return (ptrdiff_t)g;
      quotient = (hi - lo) / top;
      const float scale = quotient > 0 ? quotient : 1;
      zeros[g] = (byte)clamp_one(nearest_one(bound(-lo / scale)), 0, (1 << bits) - 1);
    } else {
      quotient = float_of((uint32_t)most) / (float)((1 << (bits - 1)) - 1);
    }
    STORE(scales, g, quotient > 0 ? quotient : 1.0f);
  }
  return -1;
}

INLINE void affine_codes(byte *codes, const byte *values, const byte *scales, const byte *zeros, size_t groups, size_t n,
                         int bits, int lowest, int flip) {
  const Range range = {lowest, (1 << bits) - 1};
  for (size_t g = 0; g < groups; g++) {
    const float scale = LOAD(float, scales, g);
    const int32_t zero = zero_of(zeros, g, bits);
    const byte *x = values + g * n * 4;
    byte *q = codes + g * n;
    for (size_t i = 0; i < n; i++) q[i] = (byte)(code_of(LOAD(float, x, i), scale, zero, range) ^ flip);
  }
}

INLINE void affine_values(byte *values, const byte *codes, const byte *scales, const byte *zeros, size_t groups, size_t n,
                          int bits, int flip) {
  for (size_t g = 0; g < groups; g++) {
    const float scale = LOAD(float, scales, g);
    const int32_t zero = zero_of(zeros, g, bits);
    byte *x = values + g * n * 4;
    const byte *q = codes + g * n;
    for (size_t i = 0; i < n; i++) STORE(x, i, (float)((q[i] ^ flip) - zero) * scale);
  }
}

// What a scale costs, and what the codes under it ask for: sums over the group, lane by lane, in f64.
typedef struct {
  double error, products, squares;
} Fit;

INLINE Fit fit_of(const byte *x, size_t n, float scale, int32_t zero, Range range) {
  doubles error = 0, products = 0, squares = 0;
  for (size_t i = 0; i < n; i += WIDTH) {
    const size_t count = n - i < WIDTH ? n - i : WIDTH;
    float v[WIDTH] = {0}, q[WIDTH];
    memcpy(v, x + i * 4, count * sizeof *v);
    for (int k = 0; k < WIDTH; k++) q[k] = (float)(code_of(v[k], scale, zero, range) - zero);
    singles vs, qs;
    memcpy(&vs, v, sizeof vs);
    memcpy(&qs, q, sizeof qs);
    const doubles wide = __builtin_convertvector(vs, doubles), code = __builtin_convertvector(qs, doubles);
    const doubles missed = wide - __builtin_convertvector(qs * scale, doubles);
    error += missed * missed;
    products += wide * code;
    squares += code * code;
  }
  Fit fit = {0, 0, 0};
  for (int k = 0; k < WIDTH; k++) {
    fit.error += error[k];
    fit.products += products[k];
    fit.squares += squares[k];
  }
  return fit;
}

INLINE void affine_search(byte *scales, const byte *zeros, const byte *values, size_t groups, size_t n, int bits, int lowest) {
  const Range range = {lowest, (1 << bits) - 1};
  for (size_t g = 0; g < groups; g++) {
    const byte *x = values + g * n * 4;
    const float first = LOAD(float, scales, g);
    const int32_t zero = zero_of(zeros, g, bits);
    float best = first;
    Fit least = fit_of(x, n, first, zero, range);
    for (int step = 1; step < STEPS + 3; step++) {
      const float scale = step < STEPS ? first * (1.0f - 0.02f * (float)step)
                          : least.squares > 0 ? (float)(least.products / least.squares) : 0;
      if (!(scale > 0)) continue;
      const Fit fit = fit_of(x, n, scale, zero, range);
      // By more than the sums may be off, so that no other order of additions finds it worse.
      if (fit.error < least.error * (1 - 1e-9)) {
        best = scale;
        least = fit;
      }
    }
    STORE(scales, g, best);
  }
}

INLINE ptrdiff_t biased_fit(byte *scales, byte *biases, const byte *values, size_t groups, size_t n, int bits) {
  const float top = (float)((1 << bits) - 1);
  for (size_t g = 0; g < groups; g++) {
    const byte *x = values + g * n * 4;
    if (greatest(x, n) >= INFINITE) return (ptrdiff_t)g;
    float lo = LOAD(float, x, 0), hi = lo;
    for (size_t i = 1; i < n; i++) {
      const float v = LOAD(float, x, i);
      lo = v < lo ? v : lo;
      hi = v > hi ? v : hi;
    }
    if (bits_of(hi - lo) == INFINITE) return (ptrdiff_t)g;
    const float step = (hi - lo) / top;
    float scale = step > 1e-7f ? step : 1e-7f, bias = 0;
    const float edge = fabsf(lo) > fabsf(hi) ? lo : hi;
    if (!(fabsf(lo) > fabsf(hi))) scale = -scale;
    const float whole = rintf(edge / scale);
    if (whole != 0) {
      scale = edge / whole;
      bias = edge;
    }
    STORE(scales, g, scale);
    STORE(biases, g, bias);
  }
  return -1;
}

INLINE void biased_codes(byte *codes, const byte *values, const byte *scales, const byte *biases, size_t groups, size_t n,
                         int bits) {
  const Range range = {0, (1 << bits) - 1};
  for (size_t g = 0; g < groups; g++) {
    const float scale = LOAD(float, scales, g), bias = LOAD(float, biases, g);
    const byte *x = values + g * n * 4;
    byte *q = codes + g * n;
    for (size_t i = 0; i < n; i++) q[i] = (byte)code_of(LOAD(float, x, i) - bias, scale, 0, range);
  }
}

INLINE void biased_values(byte *values, const byte *codes, const byte *scales, const byte *biases, size_t groups, size_t n) {
  for (size_t g = 0; g < groups; g++) {
    const float scale = LOAD(float, scales, g), bias = LOAD(float, biases, g);
    byte *x = values + g * n * 4;
    const byte *q = codes + g * n;
    for (size_t i = 0; i < n; i++) STORE(x, i, (float)q[i] * scale + bias);
  }
}

INLINE void ordered_values(byte *values, const byte *codes, const byte *scales, const byte *zeros, const byte *order,
                           size_t rows, size_t columns, size_t groups, int bits, int flip) {
  for (size_t r = 0; r < rows; r++) {
    byte *x = values + r * columns * 4;
    const byte *q = codes + r * columns;
    for (size_t i = 0; i < columns; i++) {
      const size_t g = r * groups + LOAD(uint32_t, order, i);
      STORE(x, i, (float)((q[i] ^ flip) - zero_of(zeros, g, bits)) * LOAD(float, scales, g));
    }
  }
}

INLINE void pack_codes(byte *packed, const byte *codes, size_t rows, size_t n, int bits) {
  const size_t width = (n * (size_t)bits + 7) / 8;
  for (size_t r = 0; r < rows; r++) {
    const byte *q = codes + r * n;
    byte *out = packed + r * width;
    size_t i = 0;
    if (bits == 4)
      for (; i + 2 <= n; i += 2) *out++ = (byte)((q[i] & 15) | q[i + 1] << 4);
    uint32_t stream = 0;
    int held = 0;
    for (; i < n; i++) {
      stream |= (uint32_t)(q[i] & ((1 << bits) - 1)) << held;
      for (held += bits; held >= 8; held -= 8, stream >>= 8) *out++ = (byte)stream;
    }
    if (held > 0) *out = (byte)stream;
  }
}

INLINE void unpack_codes(byte *codes, const byte *packed, size_t rows, size_t n, int bits) {
  const size_t width = (n * (size_t)bits + 7) / 8;
  for (size_t r = 0; r < rows; r++) {
    byte *q = codes + r * n;
    const byte *in = packed + r * width;
    size_t i = 0;
    if (bits == 4)
      for (; i + 2 <= n; i += 2, in++) {
        q[i] = *in & 15;
        q[i + 1] = *in >> 4;
      }
    uint32_t stream = 0;
    int held = 0;
    for (; i < n; i++) {
      for (; held < bits; held += 8) stream |= (uint32_t)*in++ << held;
      q[i] = (byte)(stream & ((1u << bits) - 1));
      stream >>= bits;
      held -= bits;
    }
  }
}

ENTRY(ptrdiff_t, affine_fit, (void *scales, void *zeros, const void *values, size_t groups, size_t n, int bits),
      (scales, zeros, values, groups, n, bits))
ENTRY(void, affine_search,
      (void *scales, const void *zeros, const void *values, size_t groups, size_t n, int bits, int lowest),
      (scales, zeros, values, groups, n, bits, lowest))
ENTRY(void, affine_codes,
      (void *codes, const void *values, const void *scales, const void *zeros, size_t groups, size_t n, int bits, int lowest,
       int flip),
      (codes, values, scales, zeros, groups, n, bits, lowest, flip))
ENTRY(void, affine_values,
      (void *values, const void *codes, const void *scales, const void *zeros, size_t groups, size_t n, int bits, int flip),
      (values, codes, scales, zeros, groups, n, bits, flip))
ENTRY(ptrdiff_t, biased_fit, (void *scales, void *biases, const void *values, size_t groups, size_t n, int bits),
      (scales, biases, values, groups, n, bits))
ENTRY(void, biased_codes,
      (void *codes, const void *values, const void *scales, const void *biases, size_t groups, size_t n, int bits),
      (codes, values, scales, biases, groups, n, bits))
ENTRY(void, biased_values,
      (void *values, const void *codes, const void *scales, const void *biases, size_t groups, size_t n),
      (values, codes, scales, biases, groups, n))
ENTRY(void, ordered_values,
      (void *values, const void *codes, const void *scales, const void *zeros, const void *order, size_t rows, size_t columns,
       size_t groups, int bits, int flip),
      (values, codes, scales, zeros, order, rows, columns, groups, bits, flip))
ENTRY(void, pack_codes, (void *packed, const void *codes, size_t rows, size_t n, int bits), (packed, codes, rows, n, bits))
ENTRY(void, unpack_codes, (void *codes, const void *packed, size_t rows, size_t n, int bits), (codes, packed, rows, n, bits))
