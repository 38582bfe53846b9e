// All kernels of one precision for one instruction set, ending in the table `TABLE` that kernels.c chooses from.
#include <math.h>
#include "dispatch.h"
#include "simd.h"
#include MATH
#include "activation_body.h"
#include "norm_body.h"
#include "gemm_body.h"

const KERNELS TABLE = {
  WS(panel_width), WS(pack), WS(gemm), WS(bias_activate), WS(softmax), WS(layer_norm), WS(add),
};
