"""What Python's json module writes: data/json/{pretty,compact,sorted}.json. Run from Fixtures/."""
import json

value = {
    "model_type": "albert",
    "zeta": [],
    "empty": {},
    "layer_norm_eps": 1e-12,
    "numbers": [0, -1, 9223372036854775807, -9223372036854775808, 0.02, 0.1, -0.0, 1.5, 2.0, 1e-05, 0.0001,
                1e+16, 1e+22, 5e-324, 1.7976931348623157e+308, 3.141592653589793, 1234567.875],
    "text": "quote \" backslash \\ slash / tab \t newline \n return \r feed \f back \b bell \u0007 unit \u001f del \u007f",
    "unicode": "Größe 模型 \U0001f917 \u2028 e\u0301 \u00e9",
    "nested": {"b": [{"x": [1, [2, [3]]]}, None, True, False], "a": {"deep": {"er": "value"}}},
}
for name, options in {
    "pretty": {"indent": 2},
    "compact": {"separators": (",", ":")},
    "sorted": {"indent": 2, "sort_keys": True},
}.items():
    with open(f"data/json/{name}.json", "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, **options)
