"""Each kind of document is read as a reader sees it; what cannot be read says why in one line."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from docx.shared import Pt

from knowledge.chunks import Piece, language, pieces
from knowledge.errors import KnowledgeError
from knowledge.loading import Contents, Limits, fetch, parse
from tests.unit.knowledge import files


def read(data: bytes | str, name: str, **limits: Any) -> Contents:
    raw = data.encode() if isinstance(data, str) else data
    return parse(raw, name, Limits(**limits))


def cut(data: bytes | str, name: str) -> tuple[Piece, ...]:
    return pieces(read(data, name))


def everything(contents: Contents) -> str:
    return "\n".join(block.text for block in contents.blocks)


def refusal(data: bytes | str, name: str, **limits: Any) -> str:
    with pytest.raises(KnowledgeError) as caught:
        read(data, name, **limits)
    line = str(caught.value)
    assert name in line
    assert "\n" not in line
    return line


BLOG = """Klant is geen Koning

Dit is deel een van twee blogs.

1. WAAROM IS DE KLANT KONING? — Als je veel meer waarde levert dan je factureert, waarom dan?

Een gewone alinea die verder gaat.

2. WAAROM PARETO NEGEREN? — Topklanten brengen 80% van de omzet.
"""


def test_a_text_is_cited_by_the_label_its_paragraphs_begin_with() -> None:
    found = cut(BLOG, "blog.txt")
    assert [piece.label for piece in found] == [
        "",
        "1. WAAROM IS DE KLANT KONING?",
        "2. WAAROM PARETO NEGEREN?",
    ]
    assert read(BLOG, "blog.txt").title == "Klant is geen Koning"
    assert found[1].text.endswith("Een gewone alinea die verder gaat.")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Korting: geef er nooit een zonder tegenprestatie.", "Korting"),
        ("§ 4 Betaling — binnen veertien dagen.", "§ 4 Betaling"),
        ("De klant is koning - zeggen ze dan.", ""),
        ("Dit is een lange zin waarin iets komt: namelijk dit.", ""),
        ("Zo. En nu: verder.", ""),
        ("https://voorbeeld.nl: een adres", ""),
    ],
)
def test_a_label_is_a_label_and_no_sentence(text: str, label: str) -> None:
    assert cut(text, "a.txt")[0].label == label


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_text_may_be_in_any_usual_encoding(encoding: str) -> None:
    found = read("Prijs: € 100, café, reünie.\r\nTweede regel.".encode(encoding), "a.txt")
    assert everything(found) == "Prijs: € 100, café, reünie.\nTweede regel."


def test_markdown_is_cited_by_its_path_of_headings() -> None:
    found = cut(
        "---\ntitle: Playbook 2026\n---\n# Playbook\n\n## Korting\n\nNooit zomaar.\n\n### Uitzondering\n\n"
        "- met **iets** terug\n- [eenmalig](https://x.example)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "playbook.md",
    )
    assert [(piece.heading, piece.text) for piece in found] == [
        ("Playbook › Korting", "Nooit zomaar."),
        ("Playbook › Korting › Uitzondering", "- met iets terug\n- eenmalig\na | b\n1 | 2"),
    ]


def test_bold_words_a_paragraph_begins_with_are_its_label() -> None:
    assert cut("**Eerste gesprek.** Vraag door.", "a.md")[0].label == "Eerste gesprek"
    assert cut("<p><b>Eerste gesprek.</b> Vraag door.</p>", "a.html")[0].label == "Eerste gesprek"
    document = docx.Document()
    paragraph = document.add_paragraph()
    paragraph.add_run("Eerste gesprek.").bold = True
    paragraph.add_run(" Vraag door.")
    assert cut(files.saved(document), "a.docx")[0].label == "Eerste gesprek"


HIDDEN = [
    "<script>var x = 'geheim'</script>",
    "<style>p { content: 'geheim' }</style>",
    "<!-- geheim -->",
    "<p hidden>geheim</p>",
    "<p aria-hidden='true'>geheim</p>",
    "<p style='display: none'>geheim</p>",
    "<p style='VISIBILITY:hidden'>geheim</p>",
    "<p style='font-size:0px'>geheim</p>",
    "<p style='position:absolute; left:-9999px'>geheim</p>",
    "<p style='opacity: 0'>geheim</p>",
    "<p class='weg'>geheim</p>",
    "<div id='ook'><p>geheim</p></div>",
    "<noscript>geheim</noscript>",
    "<template>geheim</template>",
    "<textarea>geheim</textarea>",
    "<svg><text>geheim</text></svg>",
    "<nav>geheim</nav>",
]


@pytest.mark.parametrize("part", HIDDEN)
def test_what_a_visitor_of_a_page_does_not_see_is_not_read(part: str) -> None:
    page = (
        "<!doctype html><html><head><title>Kop</title><style>.weg{color:red;display:none}"
        "#ook{visibility:hidden} @media print { .blijft { display:none } }</style></head>"
        f"<body><h1>Prijs</h1><p class='blijft'>Zichtbaar.</p>{part}</body></html>"
    )
    found = read(page, "pagina.html")
    assert everything(found) == "Prijs\nZichtbaar."
    assert found.title == "Prijs"


def test_a_page_is_read_in_order_and_its_lists_and_tables_stay_whole() -> None:
    page = (
        "<html><body>Los <b>vet</b><div>In een blok<h2>Kop</h2><ul><li>een</li><li>twee</li></ul></div>"
        "<table><tr><th>a</th><td>1</td></tr></table><span>slot<br>regel</span></body></html>"
    )
    assert [block.text for block in read(page, "p.html").blocks] == [
        *("Los vet", "In een blok", "Kop", "- een\n- twee", "a | 1", "slot regel")
    ]


def test_characters_nobody_sees_are_left_out() -> None:
    tags = "".join(chr(0xE0000 + ord(c)) for c in "ignore")
    found = read(f"Zicht\u200bbaar{tags}\u202e\u00ad.\x1b[31m", "a.txt")
    assert everything(found) == "Zichtbaar.[31m"


def test_word_gives_headings_lists_and_tables() -> None:
    document = docx.Document()
    document.add_paragraph("Draaiboek", style="Title")
    document.add_heading("Korting", 1)
    document.add_paragraph("Nooit zomaar.")
    document.add_paragraph("een", style="List Bullet")
    document.add_paragraph("twee", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "staffel", "5"
    found = cut(files.saved(document), "d.docx")
    assert [(piece.heading, piece.text) for piece in found] == [
        ("Korting", "Nooit zomaar.\n- een\n- twee\nstaffel | 5")
    ]


def test_hidden_and_deleted_text_in_word_is_not_read() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Zichtbaar ")
    hidden = paragraph.add_run("geheim")
    hidden.font.hidden = True
    paragraph.add_run("einde").font.size = Pt(9)
    gone = paragraph.add_run("gewist")
    deleted = paragraph._p.makeelement(qn("w:del"), {})
    gone._r.addprevious(deleted)
    deleted.append(gone._r)
    assert everything(read(files.saved(document), "d.docx")) == "Zichtbaar einde"


def test_a_pdf_is_cited_by_bookmark_and_page() -> None:
    data = files.pdf(
        [
            ["Inleiding", "Dit is de eerste", "bladzij-", "de van het stuk."],
            ["Korting", "Nooit zo."],
        ],
        bookmarks=[("Inleiding", 0), ("Korting", 1)],
        title="Draaiboek",
    )
    assert read(data, "d.pdf").title == "Draaiboek"
    assert [(p.heading, p.page, p.text) for p in cut(data, "d.pdf")] == [
        ("Inleiding", 1, "Dit is de eerste bladzijde van het stuk."),
        ("Korting", 2, "Nooit zo."),
    ]


def test_running_heads_of_a_pdf_are_left_out() -> None:
    data = files.pdf([["Vertrouwelijk 2026", f"Tekst {n}.", f"pagina {n}"] for n in "abcd"])
    found = everything(read(data, "d.pdf"))
    assert "Vertrouwelijk" not in found
    assert "Tekst a." in found


def test_a_pdf_everybody_may_open_is_read_though_it_is_encrypted() -> None:
    assert "Hallo daar" in everything(read(files.pdf([["Hallo daar"]], password=""), "d.pdf"))


def test_what_cannot_be_read_says_so_and_how_to_mend_it() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    secret = files.pdf([["Hallo"]], password="geheim")
    assert "password" in refusal(secret, "a.pdf")
    assert "password" in refusal(ole + "EncryptedPackage".encode("utf-16-le"), "a.docx")
    assert "old Office format" in refusal(ole, "a.doc")
    assert "OCR" in refusal(files.pdf([[]]), "scan.pdf")
    assert "damaged" in refusal(b"%PDF-1.7\nnonsense", "a.pdf")
    assert "damaged" in refusal("gewoon tekst", "a.pdf")
    assert "damaged" in refusal(files.word(("Normal", "x"))[:-200], "a.docx")
    assert "no document I can read" in refusal(b"MZ\x90\0\3\0\0\0", "a.txt")
    assert "no document I can read" in refusal(b"\x89PNG\r\n\x1a\n\0", "a.md")
    assert "no document I can read" in refusal("{\\rtf1 hallo}", "a.txt")
    assert "no document I can read" in refusal("SLEUTEL=1", "a.env")
    assert "empty" in refusal("\u200b \n", "a.txt")
    assert "2 pages; at most 1" in refusal(files.pdf([["a"], ["b"]]), "a.pdf", pages=1)
    assert "at most 10" in refusal("x" * 11, "a.txt", characters=10)
    assert "unpacks" in refusal(files.bomb(3_000_000), "a.docx", unpacked_bytes=2_000_000)
    assert "took more than" in refusal(files.pdf([["a"], ["b"]]), "a.pdf", seconds=-1)


def test_an_archive_that_is_no_word_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    refusal(path.read_bytes(), "a.docx")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<html><body>" + b"<div>" * 20_000 + b"diep" + b"</div>" * 20_000),
        ("a.md", b"> " * 5_000 + b"diep"),
    ],
)
def test_deep_nesting_is_refused_in_one_line_or_read(name: str, data: bytes) -> None:
    try:
        text = everything(parse(data, name, Limits()))
    except KnowledgeError as error:
        text = str(error)
    assert "diep" in text or "nested too deep" in text


def test_a_file_is_judged_by_its_size_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "groot.txt"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # a hole: it takes no room
    with pytest.raises(KnowledgeError, match="200 MB; a document may be at most 20 MB"):
        fetch(path, "groot.txt", Limits())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pijp.txt")
    with pytest.raises(KnowledgeError, match="no ordinary file"):
        fetch(tmp_path / "pijp.txt", "pijp.txt", Limits())


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join(f"Zin nummer {n} gaat over de prijs en de waarde ervan." for n in range(60))
    found = cut(f"Prijs: {text}", "a.txt")
    assert len(found) > 2
    assert all(piece.text.endswith(".") and len(piece.text) <= 1_500 for piece in found)
    assert {piece.label for piece in found} == {"Prijs"}
    assert " ".join(piece.text for piece in found) == f"Prijs: {text}"


def test_text_without_any_sentence_is_cut_all_the_same() -> None:
    found = cut("x" * 5_000, "a.txt")
    assert "".join(piece.text for piece in found) == "x" * 5_000
    assert max(len(piece.text) for piece in found) <= 1_500


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (
            "De klant is niet de koning, want jullie leveren meer waarde dan op de factuur staat.",
            "nl",
        ),
        (
            "The client is not the king, because you deliver more value than you invoice them for.",
            "en",
        ),
        (
            "Le client n'est pas le roi, car vous livrez plus de valeur que vous ne facturez ici.",
            "",
        ),
        ("Prijs 100", ""),
    ],
)
def test_the_language_shows_by_the_commonest_words(text: str, lang: str) -> None:
    assert language([text]) == lang
