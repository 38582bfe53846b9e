// 0.5·x·(1 + tanh(u)) = x / (1 + e⁻²ᵘ), which is exact where 1 + tanh(u) cancels.
INLINE vec gelu_tanh(vec x, T root) {
  vec u = fma_((vec)(T)0.044715 * x * x, x, x) * (vec)root;
  return x / ((vec)(T)1 + exp_((vec)(T)-2 * u));
}

INLINE vec activate(vec x, int activation) {
  switch (activation) {
    case WS_GELU: return (vec)(T)0.5 * x * ((vec)(T)1 + erf_(x * (vec)(T)0.70710678118654752440));
    case WS_GELU_TANH: return gelu_tanh(x, (T)0.79788456080286535588);
    case WS_GELU_FAST: return gelu_tanh(x, (T)0.7978845608);
    case WS_QUICK_GELU: return x / ((vec)(T)1 + exp_((vec)(T)-1.702 * x));
    case WS_RELU: return select_(x < (vec)(T)0, (vec)(T)0, x);
    case WS_SILU: return x / ((vec)(T)1 + exp_(-x));
    case WS_TANH: return tanh_(x);
    default: return x;
  }
}

// One activation for all elements, so that the choice is made outside the loop.
INLINE void bias_activate_as(const T *x, ptrdiff_t ldx, ptrdiff_t rows, ptrdiff_t columns, const T *bias,
                             int activation, T *out, ptrdiff_t ldout) {
  for (ptrdiff_t r = 0; r < rows; r++, x += ldx, out += ldout) {
    ptrdiff_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
      vec v = load(x + c);
      if (bias) v += load(bias + c);
      store(out + c, activate(v, activation));
    }
    if (c < columns) {
      vec v = load_part(x + c, columns - c);
      if (bias) v += load_part(bias + c, columns - c);
      store_part(out + c, activate(v, activation), columns - c);
    }
  }
}

void WS(bias_activate)(const T *x, ptrdiff_t ldx, ptrdiff_t rows, ptrdiff_t columns, const T *bias,
                              int activation, T *out, ptrdiff_t ldout) {
#define CASE(A) \
  case A: bias_activate_as(x, ldx, rows, columns, bias, A, out, ldout); break;
  switch (activation) {
    CASE(WS_GELU)
    CASE(WS_GELU_TANH)
    CASE(WS_GELU_FAST)
    CASE(WS_QUICK_GELU)
    CASE(WS_RELU)
    CASE(WS_SILU)
    CASE(WS_TANH)
    default: bias_activate_as(x, ldx, rows, columns, bias, WS_LINEAR, out, ldout);
  }
#undef CASE
}

void WS(add)(const T *x, const T *y, ptrdiff_t count, T *out) {
  for (ptrdiff_t i = 0; i < count; i++) out[i] = x[i] + y[i];
}
