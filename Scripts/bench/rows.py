"""The ways to quantize that sentences.py and cloze.py compare: a name, and what the command line gets."""

UNIFORM = ["f16", "bf16", "int8", "int8-channel", "int8-g64", "q8_0", "fp8-e4m3", "fp8-e5m2", "int7-g64", "int6-g64", "q6_k", "q5_1", "q5_0", "q5_k", "int5-g64", "int4-g32", "int4-g32-asym", "int4-g128",
           "q4_k", "q4_1", "iq4_nl", "iq4_xs", "q4_0", "nf4", "nf4-dq", "fp4", "fp4-dq", "mxfp4", "int3-g32", "q3_k", "q2_k", "int2-g32-asym", "tq1_0", "tq2_0"]
ROWS = [(name, ["--scheme", name]) for name in UNIFORM]
ROWS += [(f"{name}, searched", ["--scheme", name, "--search", "mse"]) for name in ["int4-g32", "int3-g32"]]
ROWS += [(f"{name}, {method}", ["--scheme", name, "--method", method, "--calibration"])
         for name, method in [("int8-channel", "gptq"), ("int4-g32", "gptq"), ("int4-g32-asym", "gptq"), ("int3-g32", "gptq"), ("int4-g32", "awq"),
                              ("int8-channel", "smoothquant"), ("q4_0", "importance"), ("q5_1", "importance")]]
ROWS += [(f"budget {demand}", ["--budget", demand, "--calibration"]) for demand in ["cosine>=0.999", "cosine>=0.99"]]
