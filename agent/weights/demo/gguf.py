"""Writes a GGUF v3 file: only what a llama model needs (ggml/docs/gguf.md)."""
import struct

import numpy as np

ALIGNMENT = 32
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32, F16 = 0, 1


def text(value: str) -> bytes:
    raw = value.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def value(kind: int, item) -> bytes:
    if kind == STRING:
        return text(item)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], item)


def entry(key: str, kind: int, item) -> bytes:
    return text(key) + struct.pack("<I", kind) + value(kind, item)


def array(key: str, kind: int, items) -> bytes:
    body = b"".join(value(kind, item) for item in items)
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(items)) + body


def write(path: str, metadata: list, tensors: dict) -> None:
    """METADATA is a list of entry() and array(); TENSORS maps names to numpy arrays, f32 or f16."""
    header, data = b"", b""
    for name, tensor in tensors.items():
        kind = F16 if tensor.dtype == np.float16 else F32
        shape = tensor.shape[::-1]  # ggml counts the fastest dimension first
        header += text(name) + struct.pack("<I", len(shape))
        header += struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", kind, len(data))
        data += np.ascontiguousarray(tensor).tobytes()
        data += b"\0" * (-len(data) % ALIGNMENT)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)) + b"".join(metadata) + header
    with open(path, "wb") as file:
        file.write(head + b"\0" * (-len(head) % ALIGNMENT) + data)
