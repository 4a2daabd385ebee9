"""Writes Avro files of schemas and records made by chance, each followed by what its records are in JSON.

fastavro_files.py SEED FILES: on standard output, for each file, the length of its bytes, the bytes, the length of the JSON, the JSON
(lengths: 8 bytes, big endian). The JSON is a list of the records by the page on Currents files, CF-060 to CF-068.
"""

import base64
import io
import json
import random
import struct
import sys

import fastavro

NULL = object()
CODECS = ["null", "deflate", "snappy"]


class Chance:
    """Schemas and values of one file. Each named type gets a name that no other has."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0

    def name(self):
        self.names += 1
        return f"N{self.names}"

    def text(self):
        letters = "aZ0 \"\\\n\t\x01é€😀"
        return "".join(self.random.choice(letters) for _ in range(self.random.randrange(12)))

    def schema(self, level=0):
        plain = ["null", "boolean", "int", "long", "float", "double", "bytes", "string", "enum", "fixed", "date"]
        deep = ["array", "map", "record", "union"]
        kind = self.random.choice(plain + (deep if level < 4 else []))
        if kind == "enum":
            return {"type": "enum", "name": self.name(), "symbols": ["A", "B", "C_1"]}
        if kind == "fixed":
            return {"type": "fixed", "name": self.name(), "size": self.random.randrange(9)}
        if kind == "date":
            return {"type": "int", "logicalType": "date"}
        if kind == "array":
            return {"type": "array", "items": self.schema(level + 1)}
        if kind == "map":
            return {"type": "map", "values": self.schema(level + 1)}
        if kind == "record":
            return self.record(level + 1)
        if kind == "union":
            others = ["string", "long", "boolean", {"type": "array", "items": "double"}]
            return ["null"] + self.random.sample(others, self.random.randrange(1, 4))
        return kind

    def record(self, level=0):
        fields = [{"name": f"f{at}", "type": self.schema(level)} for at in range(self.random.randrange(1, 5))]
        return {"type": "record", "name": self.name(), "fields": fields}

    def value(self, schema):
        """A value as fastavro takes it, and as JSON; `NULL` for null."""
        chance = self.random
        if isinstance(schema, list):
            branch = chance.choice(schema)
            return self.value(branch)
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "null":
            return None, NULL
        if kind == "boolean":
            return (chance.random() < 0.5,) * 2
        if kind == "int":
            return (chance.choice([0, -1, 2**31 - 1, -(2**31), chance.randrange(-1000, 1000)]),) * 2
        if kind == "long":
            return (chance.choice([0, 2**63 - 1, -(2**63), 2**53 + 1, chance.randrange(-(10**12), 10**12)]),) * 2
        if kind == "float":
            # Those that are the same number in 32 and 64 bits.
            return (chance.randrange(-(2**20), 2**20) / 8,) * 2
        if kind == "double":
            return self.double()
        if kind in ("bytes", "fixed"):
            value = chance.randbytes(schema["size"] if kind == "fixed" else chance.randrange(20))
            return value, base64.b64encode(value).decode()
        if kind == "string":
            return (self.text(),) * 2
        if kind == "enum":
            return (chance.choice(schema["symbols"]),) * 2
        if kind == "array":
            pairs = [self.value(schema["items"]) for _ in range(chance.randrange(4))]
            return [value for value, _ in pairs], [shown(value) for _, value in pairs]
        if kind == "map":
            pairs = {self.text(): self.value(schema["values"]) for _ in range(chance.randrange(4))}
            return {key: value for key, (value, _) in pairs.items()}, {key: shown(value) for key, (_, value) in pairs.items()}
        pairs = [(field["name"], self.value(field["type"])) for field in schema["fields"]]
        return {key: value for key, (value, _) in pairs}, {key: value for key, (_, value) in pairs if value is not NULL}

    def double(self):
        value = self.random.choice([0.1, -1e-300, 1.5e300, float("inf"), float("-inf"), float("nan"), self.random.uniform(-9, 9)])
        names = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
        return value, names.get(str(value), value)


def shown(value):
    """In a list or a map null stays."""
    return None if value is NULL else value


def put(data):
    sys.stdout.buffer.write(struct.pack(">Q", len(data)) + data)


def main():
    seed, files = int(sys.argv[1]), int(sys.argv[2])
    for at in range(files):
        chance = Chance(seed + at)
        root = chance.record()
        # Nulls have no bytes: behind them lies enough for their count to be believed (CF-056).
        root["fields"].append({"name": "tail", "type": "string"})
        pairs = [chance.value(root) for _ in range(chance.random.randrange(1, 4))]
        for value, json_value in pairs:
            value["tail"] = json_value["tail"] = "t" * 64
        written = io.BytesIO()
        blocks = chance.random.choice([1, 16_000])
        codec = CODECS[at % len(CODECS)]
        fastavro.writer(written, fastavro.parse_schema(root), [value for value, _ in pairs], codec=codec, sync_interval=blocks)
        put(written.getvalue())
        put(json.dumps([value for _, value in pairs]).encode())


main()
