// How ggml's blocks lay codes of few bits into bytes. Internal to this target.
#ifndef WS_GGML_PLANES_H
#define WS_GGML_PLANES_H
#include "elements.h"

enum { VALUES = 32, HALF = VALUES / 2, SUPER = 256, SUPER_BYTES = SUPER * 4 };
enum { Q4_0_BYTES = 18, Q4_1_BYTES = 20, Q5_0_BYTES = 22, Q5_1_BYTES = 24, MXFP4_BYTES = 17, IQ4_NL_BYTES = 18 };
enum {
  Q2_K_BYTES = 84,
  Q3_K_BYTES = 110,
  Q4_K_BYTES = 144,
  Q5_K_BYTES = 176,
  Q6_K_BYTES = 210,
  Q8_K_BYTES = 292,
  IQ4_XS_BYTES = 136
};

// Element j stands in the low half of byte j, element j + 16 in the high half.
INLINE void pack_nibbles(byte *block, const int32_t *codes) {
  for (int j = 0; j < HALF; j++) block[j] = (byte)((codes[j] & 15) | (codes[j + HALF] & 15) << 4);
}

INLINE void unpack_nibbles(int32_t *codes, const byte *block) {
  for (int j = 0; j < HALF; j++) {
    codes[j] = block[j] & 15;
    codes[j + HALF] = block[j] >> 4;
  }
}

// Bit j is the fifth bit of element j.
INLINE uint32_t fifth_bits(const int32_t *codes) {
  uint32_t bits = 0;
  for (int j = 0; j < VALUES; j++) bits |= (uint32_t)(codes[j] >> 4 & 1) << j;
  return bits;
}

INLINE void add_fifth_bits(int32_t *codes, uint32_t bits) {
  for (int j = 0; j < VALUES; j++) codes[j] |= (int32_t)(bits >> j & 1) << 4;
}

// Two bits of each code: byte 32 h + l holds elements 128 h + l, + 32, + 64, + 96.
INLINE void pack_pairs(byte *out, const byte *codes) {
  for (int h = 0; h < 2; h++, codes += 128, out += 32)
    for (int l = 0; l < 32; l++)
      out[l] = (byte)((codes[l] & 3) | (codes[l + 32] & 3) << 2 | (codes[l + 64] & 3) << 4 | (codes[l + 96] & 3) << 6);
}

INLINE void unpack_pairs(byte *codes, const byte *in) {
  for (int h = 0; h < 2; h++, codes += 128, in += 32)
    for (int l = 0; l < 32; l++) {
      codes[l] = in[l] & 3;
      codes[l + 32] = in[l] >> 2 & 3;
      codes[l + 64] = in[l] >> 4 & 3;
      codes[l + 96] = in[l] >> 6;
    }
}

// One bit of each code: bit g of byte l is that of element 32 g + l.
INLINE void pack_bits(byte *out, const byte *codes, int shift) {
  for (int l = 0; l < 32; l++) {
    byte bits = 0;
    for (int g = 0; g < 8; g++) bits |= (byte)((codes[32 * g + l] >> shift & 1) << g);
    out[l] = bits;
  }
}

INLINE void unpack_bits(byte *codes, const byte *in, int shift) {
  for (int g = 0; g < 8; g++)
    for (int l = 0; l < 32; l++) codes[32 * g + l] |= (byte)((in[l] >> g & 1) << shift);
}

// Four bits of each code: byte 32 p + l holds elements 64 p + l and 64 p + 32 + l.
INLINE void pack_fours(byte *out, const byte *codes) {
  for (int p = 0; p < 4; p++, codes += 64, out += 32)
    for (int l = 0; l < 32; l++) out[l] = (byte)((codes[l] & 15) | (codes[l + 32] & 15) << 4);
}

INLINE void unpack_fours(byte *codes, const byte *in) {
  for (int p = 0; p < 4; p++, codes += 64, in += 32)
    for (int l = 0; l < 32; l++) {
      codes[l] = in[l] & 15;
      codes[l + 32] = in[l] >> 4;
    }
}

// Eight pairs of six bits in twelve bytes.
INLINE void pack_sixes(byte *out, const byte *scales, const byte *minima) {
  for (int s = 0; s < 4; s++) {
    out[s] = (byte)(scales[s] | (scales[s + 4] >> 4) << 6);
    out[s + 4] = (byte)(minima[s] | (minima[s + 4] >> 4) << 6);
    out[s + 8] = (byte)((scales[s + 4] & 15) | (minima[s + 4] & 15) << 4);
  }
}

INLINE void unpack_sixes(byte *scales, byte *minima, const byte *in) {
  for (int s = 0; s < 4; s++) {
    scales[s] = in[s] & 63;
    minima[s] = in[s + 4] & 63;
    scales[s + 4] = (byte)((in[s + 8] & 15) | (in[s] >> 6) << 4);
    minima[s + 4] = (byte)(in[s + 8] >> 4 | (in[s + 4] >> 6) << 4);
  }
}

// Sixteen scales of six bits: the low four in two halves of eight bytes, the high two in the four bytes behind.
INLINE void pack_q3_scales(byte *out, const byte *scales) {
  for (int j = 0; j < 8; j++) out[j] = (byte)((scales[j] & 15) | (scales[j + 8] & 15) << 4);
  for (int j = 0; j < 4; j++)
    out[8 + j] = (byte)(scales[j] >> 4 | (scales[j + 4] >> 4) << 2 | (scales[j + 8] >> 4) << 4 | (scales[j + 12] >> 4) << 6);
}

INLINE int unpack_q3_scale(const byte *in, int s) {
  const int low = s < 8 ? in[s] & 15 : in[s - 8] >> 4;
  return (low | (in[8 + s % 4] >> (2 * (s / 4)) & 3) << 4) - 32;
}

// Six bits of each code: the low four of elements l and l + 64 of a half in a byte, then the high two.
INLINE void pack_six_bits(byte *out, const byte *codes) {
  for (int h = 0; h < 2; h++) {
    const byte *own = codes + 128 * h;
    for (int l = 0; l < 64; l++) out[64 * h + l] = (byte)((own[l] & 15) | (own[l + 64] & 15) << 4);
    for (int l = 0; l < 32; l++)
      out[128 + 32 * h + l] =
          (byte)(own[l] >> 4 | (own[l + 32] >> 4) << 2 | (own[l + 64] >> 4) << 4 | (own[l + 96] >> 4) << 6);
  }
}
#endif
