"""Language codes: ISO 639-1, as XTREME names languages, and the ISO 639-3 codes of LASER's Tatoeba files."""

from __future__ import annotations

from collections.abc import Mapping

_CODES = """
af:afr ar:ara az:aze bg:bul bn:ben de:deu el:ell en:eng es:spa et:est eu:eus fa:pes fi:fin fr:fra gu:guj he:heb hi:hin
hu:hun id:ind it:ita ja:jpn jv:jav ka:kat kk:kaz ko:kor lt:lit ml:mal mr:mar ms:msa my:mya nl:nld pa:pan pl:pol pt:por
qu:que ro:ron ru:rus sw:swh ta:tam te:tel th:tha tl:tgl tr:tur uk:ukr ur:urd vi:vie wo:wol yo:yor zh:cmn
"""
ISO3: Mapping[str, str] = {pair[:2]: pair[3:] for pair in _CODES.split()}


def iso3(language: str) -> str:
    """The ISO 639-3 code of a language; a code that is no ISO 639-1 code of the table stands for itself."""
    return ISO3.get(language, language)
