import SmithBytes
