"""Values between steps: a JSON skeleton that gives back exactly what was put in, and parts (tables, arrays, files) beside it."""

from tenfold.pipelines.values.codecs import Codec, PartFiles, register_codec
from tenfold.pipelines.values.keeping import Kept, Value, keep, load, value_of
from tenfold.pipelines.values.skeleton import decode, encode

__all__ = ["Codec", "Kept", "PartFiles", "Value", "decode", "encode", "keep", "load", "register_codec", "value_of"]
