"""HTML: what a visitor of the page reads; scripts, styles, comments and hidden text are left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from knowledge.loading.blocks import Block, Contents

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_UNSEEN = (
    *("script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "canvas"),
    *("audio", "video", "select", "datalist", "textarea", "input", "button", "nav", "footer"),
    *("dialog", "map", "math"),
)
"""Elements that hold no reading matter. `nav` and `footer` are about the site, not the page."""
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?(?![.\d])"
    r"|font-size\s*:\s*0(?:\.0*)?(?:px|em|rem|pt|%)?(?![.\d])|text-indent\s*:\s*-\d{3,}"
    r"|(?:left|top)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0|(?<![\w-])(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|$)"
    r"|color\s*:\s*transparent",
    re.I,
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_AT_BLOCK = re.compile(r"@[^{};]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_BLOCKS = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "caption",
            "center",
            "dd",
            "details",
        ),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "form", "header", "hgroup", "hr"),
        *("html", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td"),
        *("tfoot", "th", "thead", "tr", "ul", "h1", "h2", "h3", "h4", "h5", "h6"),
    }
)


def read(data: bytes) -> Contents:
    """Read a page; its title is its first h1, else what stands in the head."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(data, "html.parser")
    heading = soup.find("h1")
    title = heading.get_text(" ") if heading else soup.title.get_text() if soup.title else ""
    _strip(soup)
    out: list[Block] = []
    _walk(soup.body or soup, out)
    return Contents(" ".join(title.split()), tuple(out))


def _strip(soup: BeautifulSoup) -> None:
    """Take out everything a visitor does not see."""
    from bs4 import Comment, Declaration, Doctype, ProcessingInstruction
    from soupsieve import SelectorSyntaxError

    sheet = "\n".join(style.get_text() for style in soup("style"))
    # Rules for some screens only (@media) hide what others see: those do not count.
    sheet = _AT_BLOCK.sub("", re.sub(r"/\*.*?\*/", "", sheet, flags=re.S))
    hidden: list[Tag] = list(soup(_UNSEEN)) + ([soup.head] if soup.head else [])
    for selector, rules in _RULE.findall(sheet):
        if _HIDING.search(rules):
            try:
                hidden += soup.select(selector.strip())
            except (SelectorSyntaxError, NotImplementedError, ValueError):
                continue  # a selector of a browser's own (::before): it holds no text of the page
    for tag in soup.find_all(True):
        style = tag.get("style")
        if (
            tag.has_attr("hidden")
            or str(tag.get("aria-hidden", "")).lower() == "true"
            or (isinstance(style, str) and _HIDING.search(style))
        ):
            hidden.append(tag)
    for tag in hidden:
        tag.extract()
    for tag in soup("br"):
        tag.replace_with("\n")
    for text in soup.find_all(string=True):
        if isinstance(text, Comment | Declaration | Doctype | ProcessingInstruction):
            text.extract()


def _walk(tag: Tag, out: list[Block]) -> None:
    """Add the blocks of an element; lists and tables stay together."""
    from bs4 import Tag
    from bs4.element import NavigableString

    line: list[str] = []
    label = ""

    def flush() -> None:
        nonlocal label
        if text := " ".join("".join(line).split()):
            out.append(Block(text, label=label if len(label) < len(text) else ""))
        line.clear()
        label = ""

    for child in tag.children:
        if isinstance(child, NavigableString):
            line.append(str(child))
            continue
        if not isinstance(child, Tag):
            continue
        if child.name not in _BLOCKS:
            if child.find(list(_BLOCKS)):
                flush()
                _walk(child, out)
                continue
            inner = child.get_text()
            if child.name in ("b", "strong") and not "".join(line).strip():
                label = " ".join(inner.split()).rstrip(":.—– ")
            line.append(inner)
            continue
        flush()
        if re.fullmatch(r"h[1-6]", child.name):
            out.append(Block(" ".join(child.get_text(" ").split()), int(child.name[1])))
        elif child.name in ("ul", "ol", "dl"):
            items = [" ".join(i.get_text(" ").split()) for i in child.find_all(["li", "dt", "dd"])]
            out.append(Block("\n".join(f"- {item}" for item in items if item)))
        elif child.name == "table" and not child.find("table"):
            rows = [
                " | ".join(" ".join(cell.get_text(" ").split()) for cell in row(["td", "th"]))
                for row in child("tr")
            ]
            out.append(Block("\n".join(row for row in rows if row.strip(" |"))))
        elif child.name == "pre":
            out.append(Block(child.get_text()))
        else:
            _walk(child, out)
    flush()
