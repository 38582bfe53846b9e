// The searches of ggml's quantizers, sixteen sub-blocks at a time. Internal to this target.
#ifndef WS_GGML_SEARCH_H
#define WS_GGML_SEARCH_H
#include "lanes.h"

// Below this magnitude a sub-block counts as zero.
static const float negligible = 1e-15f;

// x ~ scale * code + low, and the codes of the search as nearest(inverse * (x - origin)) within 0 ... top.
struct affine_fit {
  floats scale, low, inverse, origin;
};

INLINE floats affine_codes(floats x, floats inverse, floats low, int top) {
  return as_floats(clamp(nearest(inverse * (x - low)), 0, top));
}

INLINE floats affine_error(const floats *x, const floats *w, const floats *q, int n, floats scale, floats low, int absolute) {
  floats error = 0;
  for (int i = 0; i < n; i++) {
    const floats difference = scale * q[i] + low - x[i];
    error += w[i] * (absolute ? magnitude(difference) : difference * difference);
  }
  return error;
}

// The least weighted error of an affine code among steps + 2 spans from top + first on, `delta` apart, each followed by a weighted least
// squares fit. An accepted low end is where the next spans begin.
INLINE struct affine_fit search_affine(
    const floats *x, const floats *w, int n, int top, float first, float delta, int steps, int absolute) {
  floats q[32];
  floats low = x[0], high = x[0], sum_w = w[0], sum_x = w[0] * x[0];
  for (int i = 1; i < n; i++) {
    low = choose(x[i] < low, x[i], low);
    high = choose(x[i] > high, x[i], high);
    sum_w += w[i];
    sum_x += w[i] * x[i];
  }
  low = choose(low > 0, (floats)0, low);
  const ints flat = high == low;
  struct affine_fit best = {.inverse = (float)top / (high - low), .origin = low};
  best.scale = 1.0f / best.inverse;
  for (int i = 0; i < n; i++) q[i] = affine_codes(x[i], best.inverse, low, top);
  floats least = affine_error(x, w, q, n, best.scale, low, absolute);
  for (int step = 0; step <= steps; step++) {
    const floats inverse = (first + delta * (float)step + (float)top) / (high - low);
    floats s1 = 0, s2 = 0, sx = 0;
    for (int i = 0; i < n; i++) {
      q[i] = affine_codes(x[i], inverse, low, top);
      const floats wq = w[i] * q[i];
      s1 += wq;
      s2 += wq * q[i];
      sx += wq * x[i];
    }
    const floats determinant = sum_w * s2 - s1 * s1;
    floats scale = (sum_w * sx - sum_x * s1) / determinant, least_value = (s2 * sum_x - s1 * sx) / determinant;
    const ints above = least_value > 0;
    scale = choose(above, sx / s2, scale);
    least_value = choose(above, (floats)0, least_value);
    const floats error = affine_error(x, w, q, n, scale, least_value, absolute);
    const ints better = (determinant > 0) & (error < least);
    least = choose(better, error, least);
    best.scale = choose(better, scale, best.scale);
    best.inverse = choose(better, inverse, best.inverse);
    best.origin = choose(better, low, best.origin);
    low = choose(better, least_value, low);
  }
  best.low = low;
  best.scale = choose(flat, (floats)0, best.scale);
  best.inverse = choose(flat, (floats)0, best.inverse);
  best.origin = choose(flat, (floats)0, best.origin);
  return best;
}

// Codes -top ... top - 1: the scale of least weighted error among nineteen spans, and the reciprocal whose codes those were; both are zero
// where the sub-block counts as zero.
INLINE floats search_symmetric(const floats *x, const floats *w, int n, int top, floats *best_inverse) {
  floats wx[32];
  const floats most = extreme(x, n);
  const ints live = magnitude(most) >= negligible;
  for (int i = 0; i < n; i++) wx[i] = w[i] * x[i];
  floats scale = 0, best = 0, chosen = 0;
  for (int k = -10; k < 10; k++) {
    if (k == 0) continue;
    // The span as it is comes first.
    const floats inverse = k == -10 ? (float)-top / most : -((float)top + 0.1f * (float)k) / most;
    floats sx = 0, s2 = 0;
    for (int i = 0; i < n; i++) {
      const floats q = as_floats(clamp(nearest(inverse * x[i]), -top, top - 1));
      sx += wx[i] * q;
      s2 += w[i] * q * q;
    }
    const floats fitted = sx / s2;
    const ints better = k == -10 ? s2 != 0 : (s2 > 0) & (sx * sx > best * s2);
    scale = choose(better, fitted, scale);
    best = k == -10 ? scale * sx : choose(better, fitted * sx, best);
    chosen = k == -10 ? inverse : choose(better, inverse, chosen);
  }
  *best_inverse = choose(live, chosen, (floats)0);
  return choose(live, scale, (floats)0);
}
// The codes of one sub-block under the scale and minimum that were stored; the search's own where that scale is zero.
INLINE void affine_quantize(
    byte *codes, const byte *x, int n, int top, float scale, float minimum, float inverse, float origin) {
  if (scale != 0) {
    for (int i = 0; i < n; i++)
      codes[i] = (byte)clamp_one(nearest_one((LOAD(float, x, i) + minimum) / scale), 0, top);
  } else {
    for (int i = 0; i < n; i++)
      codes[i] = (byte)clamp_one(nearest_one(inverse * (LOAD(float, x, i) - origin)), 0, top);
  }
}

// The same search as `search_symmetric` for one sub-block, a code at a time: the codes 0 ... 2 * top - 1, all 0 where it counts as zero.
INLINE float search_symmetric_one(const float *x, const float *w, int n, int top, byte *codes) {
  const float most = extreme_one(x, n);
  memset(codes, 0, (size_t)n);
  if (fabsf(most) < negligible) return 0;
  float scale = 0, best = 0, chosen = 0;
  for (int k = -10; k < 10; k++) {
    if (k == 0) continue;
    const float inverse = k == -10 ? (float)-top / most : -((float)top + 0.1f * (float)k) / most;
    float sx = 0, s2 = 0;
    for (int i = 0; i < n; i++) {
      const float q = (float)clamp_one(nearest_one(inverse * x[i]), -top, top - 1);
      sx += w[i] * x[i] * q;
      s2 += w[i] * q * q;
    }
    if (k == -10) {
      scale = s2 != 0 ? sx / s2 : 0;
      best = scale * sx;
      chosen = inverse;
    } else if (s2 > 0 && sx * sx > best * s2) {
      scale = sx / s2;
      best = scale * sx;
      chosen = inverse;
    }
  }
  for (int i = 0; i < n; i++) codes[i] = (byte)(clamp_one(nearest_one(chosen * x[i]), -top, top - 1) + top);
  return scale;
}

// The squared error, weighted, of codes at most `top` under a reciprocal; those of the first span are not cut off.
INLINE float positive_error(const float *x, const float *w, int n, float inverse, int top) {
  const float scale = 1.0f / inverse;
  float error = 0;
  for (int i = 0; i < n; i++) {
    const int32_t code = nearest_one(inverse * x[i]);
    const float difference = x[i] - scale * (float)(top ? code < top ? code : top : (byte)code);
    error += w[i] * difference * difference;
  }
  return error;
}

// Codes 0 ... top of values that are not negative, and the scale that fits them best: the best of nine spans, then up to five rounds in
// which each code in turn may move where that lessens the weighted error.
INLINE float search_positive_one(const float *x, const float *w, int n, int top, byte *codes) {
  float most = 0, inverse, sx = 0, s2 = 0;
  for (int i = 0; i < n; i++) most = most > x[i] ? most : x[i];
  memset(codes, 0, (size_t)n);
  if (most < negligible) return 0;
  inverse = (float)top / most;
  float least = positive_error(x, w, n, inverse, 0);
  for (int k = -4; k <= 4; k++) {
    if (k == 0) continue;
    const float span = (0.1f * (float)k + (float)top) / most, error = positive_error(x, w, n, span, top);
    if (error < least) {
      least = error;
      inverse = span;
    }
  }
  for (int i = 0; i < n; i++) {
    const int32_t nearest = nearest_one(inverse * x[i]), code = nearest < top ? nearest : top;
    codes[i] = (byte)code;
    sx += w[i] * x[i] * (float)code;
    s2 += w[i] * (float)code * (float)code;
  }
  for (int round = 0, changed = 1; round < 5 && changed; round++) {
    changed = 0;
    for (int i = 0; i < n; i++) {
      const float q = (float)codes[i];
      float ax = sx - w[i] * x[i] * q, a2 = s2 - w[i] * q * q;
      if (!(ax > 0 && a2 > 0)) continue;
      const int32_t nearest = nearest_one(x[i] * a2 / ax), found = nearest < top ? nearest : top;
      if (found == codes[i]) continue;
      ax += w[i] * x[i] * (float)found;
      a2 += w[i] * (float)found * (float)found;
      if (!(ax * ax * s2 > sx * sx * a2)) continue;
      codes[i] = (byte)found;
      sx = ax;
      s2 = a2;
      changed = 1;
    }
  }
  return s2 > 0 ? sx / s2 : 0;
}
#endif
