# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of encodings that a VMX can have, as data: Python's codec and the names of it.

They are the canonical names of ICU, which VMware writes, with all aliases in VMware's own table (open-vm-tools), and
those that only libvirt knows, through iconv. Names are compared by their letters and digits alone, in any case, so
they stand here without anything else: ``windows9492000`` is ``windows-949-2000``.
"""

from __future__ import annotations

# Python's codec -> its names. Where VMware's table has a name for two encodings, the first is meant.
_NAMES = {
    "ascii": (
        "ansix341968 isoir6 ansix341986 iso646irv1991 ascii iso646us usascii us ibm367 cp367 csascii 646 "
        "ascii7 iso646irv1983 isoir2 irv csiso2intlrefversion"
    ),
    "iso8859-1": "iso885911987 isoir100 iso88591 latin1 l1 ibm819 cp819 csisolatin1 88591 819",
    "iso8859-2": "iso885921987 isoir101 iso88592 latin2 l2 csisolatin2 ibm912p1001995 ibm912 88592 cp912 912",
    "iso8859-3": "iso885931988 isoir109 iso88593 latin3 l3 csisolatin3 ibm913p1002000 ibm913 88593 cp913 913",
    "iso8859-4": "iso885941988 isoir110 iso88594 latin4 l4 csisolatin4 ibm914p1001995 ibm914 88594 cp914 914",
    "iso8859-5": "iso885951988 isoir144 iso88595 cyrillic csisolatincyrillic ibm915p1001995 ibm915 88595 cp915 915",
    "iso8859-6": (
        "iso885961987 isoir127 iso88596 ecma114 asmo708 arabic csisolatinarabic ibm1089p1001995 ibm1089 88596 "
        "cp1089 1089 iso88596e csiso88596e iso88596i csiso88596i"
    ),
    "iso8859-7": (
        "iso885971987 isoir126 iso88597 elot928 ecma118 greek greek8 csisolatingreek ibm9005x1102007 ibm9005 suneugreek"
    ),
    "iso8859-8": (
        "iso885981988 isoir138 iso88598 hebrew csisolatinhebrew ibm5012p1001999 ibm5012 88598 hebrew8 "
        "iso88598e csiso88598e iso88598i csiso88598i"
    ),
    "iso8859-9": (
        "iso885991989 isoir148 iso88599 latin5 l5 csisolatin5 ibm920p1001995 ibm920 88599 cp920 920 ecma128 "
        "turkish turkish8"
    ),
    "iso8859-10": "iso885910 isoir157 l6 iso8859101992 csisolatin6 latin6 iso8859101998",
    "cp932": (
        "shiftjis mskanji csshiftjis ibm943p15a2003 ibm943 xsjis xmscp932 cp932 cp943c ibm943c ms932 pck sjis "
        "ibm943vsubvpua ibm943p1301999 cp943 943 ibm943vasciivsubvpua windows31j cswindows31j windows932"
    ),
    "cp949": (
        "ksc56011987 ibm970p110p1102006u2 ibm970 euckr cseuckr ibmeuckr ksc5601 5601 cp970 970 ibm970vpua "
        "windows9492000 ksc56011989 csksc56011987 korean isoir149 ms949 ibm1363p11b1998 ibm1363 cp1363 ksc "
        "ibm1363vsubvpua windows949 uhc xwindows949 cp949"
    ),
    "iso2022_jp": "iso2022jp csiso2022jp",
    "utf-8": "utf8 ibm1208 ibm1209 ibm5304 ibm5305 ibm13496 ibm13497 ibm17592 ibm17593 cp1208",
    "iso8859-13": "iso885913 ibm921p1001995 ibm921 885913 cp921 921",
    "iso8859-14": "iso885914 isoir199 iso8859141998 latin8 isoceltic l8",
    "iso8859-15": (
        "iso885915 latin9 ibm923p1001998 ibm923 l9 885915 latin0 csisolatin0 csisolatin9 cp923 923 iso885915fdis"
    ),
    "cp874": "ibm874 ibm874p1001995 cp874 ibm9066 tis620 tis6202533 eucth windows8742000 ms874 windows874",
    "gbk": "gbk cp936 ms936 windows936 windows9362000 ibm1386p1002001 ibm1386 cp1386 ibm1386vsubvpua xgbk",
    "cp850": "ibm850 cp850 850 cspc850multilingual ibm850p1001995",
    "cp862": "ibm862 cp862 862 cspc862latinhebrew ibm862p1001995 dos862",
    "cp950": "big5 csbig5 windows950 windows9502000 xbig5 ibm1373p1002002 ibm1373 cp950",
    "cp437": "ibm437 cp437 437 cspc8codepage437 ibm437p1001995",
    "cp852": "ibm852 cp852 852 cspcp852 ibm852p1001995",
    "cp857": "ibm857 cp857 857 csibm857 ibm857p1001995",
    "hz": "hzgb2312 hz",
    "cp866": "ibm866 cp866 866 csibm866 ibm866p1001995",
    "cp775": "ibm775 cp775 cspc775baltic ibm775p1001996 775",
    "cp858": "ibm00858 ccsid00858 cp00858 pcmultilingual850euro ibm858 cp858 ibm858p1001997",
    "cp1250": "windows1250 ibm5346p1001998 ibm5346 cp1250 ibm1250p1001995 ibm1250",
    "cp1251": "windows1251 ibm5347p1001998 ibm5347 cp1251 ansi1251 ibm1251p1001995 ibm1251",
    "cp1252": "windows1252 ibm5348p1001997 ibm5348 cp1252 ibm1252p1002000 ibm1252",
    "cp1253": "windows1253 ibm5349p1001998 ibm5349 cp1253 ibm1253 ibm1253p1001995",
    "cp1254": "windows1254 ibm5350p1001998 ibm5350 cp1254 ibm1254 ibm1254p1001995",
    "cp1255": "windows1255 ibm9447p1002002 ibm9447 cp1255 ibm5351 ibm5351p1001998",
    "cp1256": "windows1256 ibm9448x1002005 ibm9448 cp1256 ibm5352 ibm5352p1001998",
    "cp1257": "windows1257 ibm9449p1002002 ibm9449 cp1257 ibm5353 ibm5353p1001998",
    "cp1258": "windows1258 ibm5354p1001998 ibm5354 cp1258 ibm1258 ibm1258p1001997",
    "cp720": "windows720 dos720 ibm720 ibm720p1001997 cp720",
    "cp737": "windows737 ibm737 cp737 737 ibm737p1001997",
    "gb18030": "gb18030 ibm1392 windows54936",
    "gb2312": "gb2312 euccn gb231280 csgb2312",
    "euc_jp": "eucjp ibmeucjp xeucjp",
    "iso2022_kr": "iso2022kr csiso2022kr",
    "koi8-r": "koi8r cskoi8r",
    "koi8-u": "koi8u",
    "koi8-t": "koi8t",
    "mac-roman": "macintosh mac macroman xmacroman",
    "iso8859-16": "iso885916 latin10",
    "iso8859-11": "iso885911",
    "big5hkscs": "big5hkscs",
    "johab": "johab",
    "cp1125": "cp1125",
    "cp860": "cp860 860 ibm860",
    "cp861": "cp861 861 ibm861",
    "cp863": "cp863 863 ibm863",
    "cp864": "cp864 864 ibm864",
    "cp865": "cp865 865 ibm865",
    "cp869": "cp869 869 ibm869",
    "cp855": "cp855 855 ibm855",
}
CODECS = {name: codec for codec, names in _NAMES.items() for name in names.split()}
