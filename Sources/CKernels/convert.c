// Conversion between element types. Every path rounds once: what is not converted directly goes through a wider type that
// holds the source exactly (64-bit integers: with the lost bits folded into the last one, which rounds the same).
#include "convert.h"
#include "elements.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,f16c")))
#endif

// The double as a float whose last bit is set where anything was lost ("round to odd"): rounding that to fewer bits gives
// what rounding the double would (Boldo and Melquiond, 2008).
INLINE float odd_float(double value) {
  float near = (float)value;
  const double back = near;
  uint32_t bits = bits_of(near);
  if (back != value && value == value) {
    if ((bits & 1) == 0) {
      const int away = (back > value) == (value > 0);
      bits = away ? bits - 1 : bits | 1;
    }
    near = float_of(bits);
  }
  return near;
}

// Bits below the 53 of a double folded into the last one kept; exact below 2^53.
INLINE double odd_double(uint64_t magnitude) {
  if (magnitude >> 53) magnitude = (magnitude & ~(uint64_t)0xFFF) | (magnitude & 0xFFF ? 0x800 : 0);
  return (double)magnitude;
}

// --- 8-bit floats ---

static float f8_tables[5][256];

// bits below the sign: exponent | fraction. `fnuz` formats have one NaN, at minus zero.
static float f8_value(unsigned code, int fraction_bits, int bias, int fnuz, int ieee) {
  const unsigned magnitude = code & 0x7F, fraction = magnitude & ((1u << fraction_bits) - 1);
  const int exponent = (int)(magnitude >> fraction_bits), top = 0x7F >> fraction_bits;
  const uint32_t sign = (uint32_t)(code & 0x80) << 24;
  if (fnuz && code == 0x80) return float_of(0xFFC00000);
  if (ieee && exponent == top) return float_of(sign | (fraction ? 0x7FC00000 : 0x7F800000));
  if (!fnuz && !ieee && magnitude == 0x7F) return float_of(sign | 0x7FC00000);
  const float significand = (float)(exponent ? fraction | 1u << fraction_bits : fraction);
  const int scale = (exponent ? exponent : 1) - bias - fraction_bits;
  const float value = significand * float_of((uint32_t)(scale + 127) << 23);
  return float_of(sign | bits_of(value));
}

__attribute__((constructor)) static void fill_f8_tables(void) {
  for (unsigned code = 0; code < 256; code++) {
    f8_tables[0][code] = f8_value(code, 3, 7, 0, 0);
    f8_tables[1][code] = f8_value(code, 2, 15, 0, 1);
    f8_tables[2][code] = float_of(code == 0xFF ? 0x7FC00000 : code ? code << 23 : 0x400000);
    f8_tables[3][code] = f8_value(code, 3, 8, 1, 0);
    f8_tables[4][code] = f8_value(code, 2, 16, 1, 0);
  }
}

// --- whole arrays ---

#define EACH(expression) \
  for (size_t i = 0; i < n; i++) STORE(target, i, expression)

// Types that a float holds exactly.
INLINE int to_float(void *target, const void *s, int from, size_t n) {
  switch (from) {
    case WS_BOOL: EACH((float)(LOAD(uint8_t, s, i) != 0)); return 0;
    case WS_U8: EACH((float)LOAD(uint8_t, s, i)); return 0;
    case WS_I8: EACH((float)LOAD(int8_t, s, i)); return 0;
    case WS_U16: EACH((float)LOAD(uint16_t, s, i)); return 0;
    case WS_I16: EACH((float)LOAD(int16_t, s, i)); return 0;
    case WS_F16: EACH(from_f16(LOAD(uint16_t, s, i))); return 0;
    case WS_BF16: EACH((uint32_t)LOAD(uint16_t, s, i) << 16); return 0;
    case WS_F32: memcpy(target, s, n * 4); return 0;
    case WS_F8E4M3: case WS_F8E5M2: case WS_F8E8M0: case WS_F8E4M3FNUZ: case WS_F8E5M2FNUZ: {
      const float *table = f8_tables[from - WS_F8E4M3];
      EACH(table[LOAD(uint8_t, s, i)]);
      return 0;
    }
    default: return 1;
  }
}

INLINE void from_float(void *target, int to, const void *s, size_t n) {
  switch (to) {
    case WS_F16: EACH(f16_of(LOAD(uint32_t, s, i))); break;
    case WS_BF16: EACH(bf16_of(LOAD(uint32_t, s, i))); break;
    case WS_F32: memcpy(target, s, n * 4); break;
    default: EACH((double)LOAD(float, s, i)); break;
  }
}

// The types that a float does not hold. 64-bit integers are only exact enough to be rounded once more to a narrower type.
INLINE int to_double(void *target, const void *s, int from, size_t n) {
  switch (from) {
    case WS_U32: EACH((double)LOAD(uint32_t, s, i)); return 0;
    case WS_I32: EACH((double)LOAD(int32_t, s, i)); return 0;
    case WS_U64: EACH(odd_double(LOAD(uint64_t, s, i))); return 0;
    case WS_I64:
      for (size_t i = 0; i < n; i++) {
        const int64_t value = LOAD(int64_t, s, i);
        STORE(target, i, value < 0 ? -odd_double(-(uint64_t)value) : odd_double((uint64_t)value));
      }
      return 0;
    case WS_F64: memcpy(target, s, n * 8); return 0;
    default: return 1;
  }
}

INLINE void from_double(void *target, int to, const void *s, size_t n) {
  switch (to) {
    case WS_F16: EACH(f16_of(bits_of(odd_float(LOAD(double, s, i))))); break;
    case WS_BF16: EACH(bf16_of(bits_of(odd_float(LOAD(double, s, i))))); break;
    case WS_F32: EACH((float)LOAD(double, s, i)); break;
    default: memcpy(target, s, n * 8); break;
  }
}

static const byte widths[] = {1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 2, 4, 8, 1, 1, 1, 1, 1};

// Through a float or a double where there is no direct way, in pieces that stay in the first cache.
INLINE int convert(byte *target, int to, const byte *source, int from, size_t count) {
  enum { PIECE = 512 };
  union { float f[PIECE]; double d[PIECE]; } wide;
  size_t n = count;
  if (to == WS_F32 && to_float(target, source, from, n) == 0) return 0;
  if (from == WS_F32) return from_float(target, to, source, n), 0;
  if (from == WS_F64) return from_double(target, to, source, n), 0;
  if (to == WS_F64 && from == WS_U64) { EACH((double)LOAD(uint64_t, source, i)); return 0; }
  if (to == WS_F64 && from == WS_I64) { EACH((double)LOAD(int64_t, source, i)); return 0; }
  for (size_t done = 0; done < count; done += n) {
    n = count - done < PIECE ? count - done : PIECE;
    const byte *s = source + done * widths[from];
    byte *t = target + done * widths[to];
    if (to_float(wide.f, s, from, n) == 0) {
      from_float(t, to, wide.f, n);
    } else if (to_double(wide.d, s, from, n) == 0) {
      from_double(t, to, wide.d, n);
    } else {
      return 1;
    }
  }
  return 0;
}

#if defined(__x86_64__)
AVX2 static size_t f16_to_f32_avx2(byte *target, const byte *source, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps((float *)(target + 4 * i), _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(source + 2 * i))));
  return i;
}

AVX2 static size_t f32_to_f16_avx2(byte *target, const byte *source, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128((__m128i *)(target + 2 * i),
                     _mm256_cvtps_ph(_mm256_loadu_ps((const float *)(source + 4 * i)), _MM_FROUND_TO_NEAREST_INT));
  return i;
}

AVX2 static int convert_avx2(byte *target, int to, const byte *source, int from, size_t count) {
  size_t done = 0;
  if (from == WS_F16 && to == WS_F32) done = f16_to_f32_avx2(target, source, count);
  if (from == WS_F32 && to == WS_F16) done = f32_to_f16_avx2(target, source, count);
  return convert(target + done * widths[to], to, source + done * widths[from], from, count - done);
}
#endif

int ws_convert(void *target, int to, const void *source, int from, size_t count) {
  if (to < WS_F16 || to > WS_F64 || from < WS_BOOL || from > WS_F8E5M2FNUZ) return 1;
  if (count == 0) return 0;
  if (from == to) return memcpy(target, source, count * widths[to]), 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return convert_avx2(target, to, source, from, count);
#endif
  return convert(target, to, source, from, count);
}

int ws_byteswap(void *bytes, size_t element_bytes, size_t n) {
  void *target = bytes;
  switch (element_bytes) {
    case 2: EACH(__builtin_bswap16(LOAD(uint16_t, bytes, i))); return 0;
    case 4: EACH(__builtin_bswap32(LOAD(uint32_t, bytes, i))); return 0;
    case 8: EACH(__builtin_bswap64(LOAD(uint64_t, bytes, i))); return 0;
    default: return 1;
  }
}
