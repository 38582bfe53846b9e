// All kernels of one precision for one instruction set; kernels.c chooses among the instances.
#include <math.h>
#include "kernels.h"
#include "simd.h"
#include MATH
#include "activation_body.h"
#include "norm_body.h"
#include "lstm_body.h"
#include "bytes_body.h"
#include "gemm_body.h"
