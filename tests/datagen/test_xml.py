"""XML of any size, element by element."""

import io
import resource

import pytest
from lxml import etree

from datagen.errors import InputError
from datagen.xml import iter_elements, parse_xml


def found(data: bytes, *tags: str) -> list[str]:
    return [etree.tostring(e, encoding="unicode", with_tail=False) for e in iter_elements(io.BytesIO(data), *tags)]


@pytest.mark.parametrize("chunk", [1, 7, 1 << 18])
def test_elements_come_whole_and_in_order(monkeypatch, chunk):
    monkeypatch.setattr("datagen.xml.CHUNK_BYTES", chunk)
    data = "<?xml version='1.0'?><R><a><r n='1'>é<b>x</b>y</r>tail</a><r>2<r>inner</r></r><!-- c --><r/></R>".encode()
    assert found(data, "r") == ['<r n="1">é<b>x</b>y</r>', "<r>2<r>inner</r></r>", "<r/>"]
    assert found(data, "a", "b") == ['<a><r n="1">é<b>x</b>y</r>tail</a>']
    assert found(b"<r>all of it</r>", "r") == ["<r>all of it</r>"]
    assert found(data, "nothing") == []


def test_any_namespace_and_encoding():
    assert found(b'<R xmlns="u"><r/></R>', "{*}r") == ['<r xmlns="u"/>']
    assert found("<R><r>\u53d1\u70ed</r></R>".encode("utf-16"), "r") == ["<r>\u53d1\u70ed</r>"]


@pytest.mark.parametrize(
    ("data", "whole", "reason"),
    [
        (b"", 0, "empty"),
        (b" \n ", 0, "empty"),
        (b"<R><r>1</r><r>2", 1, "bad_xml"),
        (b"<R><r>1</r></R><R/>", 1, "bad_xml"),
        (b"<!DOCTYPE R [<!ENTITY a 'b'>]><R><r>&a;</r></R>", 0, "xml_entities"),
        (b"<!DOCTYPE R [<!ENTITY a 'b'>]><R><s/></R>", 0, "xml_entities"),
        (b"<R><r>1</r>" + b"<x>" * 300, 1, "xml_limits"),
        (b"<R><r>1</r>" + b"<x/>" * 5000, 1, "xml_limits"),
        (b"<R><r>1</r><r " + b" ".join(b'a%d=""' % n for n in range(5000)), 1, "xml_limits"),
        (b"<R><r>1</r>" + b"x " * 60_000, 1, "xml_limits"),
    ],
)
def test_what_is_before_the_harm_is_read(monkeypatch, data, whole, reason):
    monkeypatch.setattr("datagen.xml.CHUNK_BYTES", 11)
    monkeypatch.setattr("datagen.xml.MAX_NODES", 2000)
    monkeypatch.setattr("datagen.xml.MAX_ELEMENT_BYTES", 100_000)
    elements = iter_elements(io.BytesIO(data), "r")
    assert [next(elements).text for _ in range(whole)] == ["1"] * whole
    with pytest.raises(InputError) as caught:
        next(elements)
    assert caught.value.reason == reason


def test_memory_does_not_grow_with_the_file():
    class Endless(io.RawIOBase):
        left = 8_000_000

        def read(self, size=-1):
            self.left -= size
            return b"<g><r a='1'>some text</r></g>\n" * (size // 30) if self.left > 0 else b""

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    elements = iter_elements(io.BufferedReader(_Prefixed(Endless())), "r")
    with pytest.raises(InputError):  # the root is never closed
        for number, element in enumerate(elements, 1):  # noqa: B007
            assert element.text == "some text"
    assert number > 200_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10


class _Prefixed(io.RawIOBase):
    """`<R>`, then what another stream has."""

    def __init__(self, stream):
        self._stream, self._data = stream, b"<R>"

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self._data or self._stream.read(len(buffer))
        self._data = b""
        buffer[: len(data)] = data
        return len(data)


def test_whole_documents_have_the_same_limits(monkeypatch):
    monkeypatch.setattr("datagen.xml.MAX_NODES", 100)
    assert len(parse_xml(b"<R>" + b"<x/>" * 90 + b"</R>")) == 90
    with pytest.raises(InputError, match="xml_limits"):
        parse_xml(b"<R>" + b"<x/>" * 100 + b"</R>")
