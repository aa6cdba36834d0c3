"""What a model wrote is shown only where every number, name and citation stands on something."""

from __future__ import annotations

import pytest

from bot.guards import Evidence, Fault, citations, fault, without_citations

HELD = Evidence(
    figures=(
        "17 van 155 klanten (11,0\u00a0%) brengen 80\u00a0% van €\u00a08,7\u00a0mln. "
        "Gezond: tussen 3 en 30\u00a0%.\n"
        "1  Van Hout Kassenbouw BV  €\u00a0902.127  10,4\u00a0%  ▲ +10\u00a0%  netwerk  2019\n"
        "2  Bol.com BV  €\u00a05.000  1,9\u00a0%  ▼ \u22128\u00a0%\ndata t/m 23 nov 2026",
    ),
    cards={"why-they-leave": "Leiderschap 58,3 %. Een MT besteedt 80 % van zijn tijd aan mensen."},
    documents={"abc.1": "Hooguit 7 % korting. Zie https://evil.example, omzet 99 miljoen, @channel."},
    names=("draaiboek.md, Korting",),
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "17 van 155 klanten brengen 80 % van € 8,7 mln.",
        "Van Hout is goed voor 10,4% (€ 902.127). [why-they-leave]",
        "€902,127 comes from your top client, 10.4%.",
        "That is 8.7 million euros; practice lies between 3% and 30%.",
        "Bol.com bracht 5000 euro en zakte 8 %.",
        "Geef hooguit 7 % korting [abc.1].",
        "Zeventien klanten brengen tachtig procent.",
        "1. Bel Van Hout.\n2. Vraag door. [why-they-leave]",
        "- Zie draaiboek.md [abc.1]",
        "Dat geldt tot 23 nov 2026.",
        "Bel binnen twee weken.",
    ],
)
def test_what_the_tools_said_may_be_said_again(text: str) -> None:
    assert fault(text, HELD) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Fault.EMPTY),
        ("\u200b\u2060 ", Fault.EMPTY),
        ("x " * 2_000, Fault.LENGTH),
        ("18 klanten brengen dat.", Fault.NUMBER),
        ("11,1 % van de klanten.", Fault.NUMBER),
        ("Samen € 17 omzet.", Fault.NUMBER),  # 17 counts clients here
        ("17 % van de klanten.", Fault.NUMBER),
        ("Zeventien procent van de klanten.", Fault.NUMBER),
        ("Twintig klanten gingen weg.", Fault.NUMBER),
        ("Twaalf van jullie beste klanten.", Fault.NUMBER),
        ("Eenentwintig procent.", Fault.NUMBER),
        ("Twenty-one percent.", Fault.NUMBER),
        ("Negenhonderdduizend euro.", Fault.NUMBER),
        ("Duizenden klanten.", Fault.NUMBER),
        ("De omzet is verdubbeld.", Fault.NUMBER),
        ("De helft van de omzet.", Fault.NUMBER),
        ("A third of your revenue.", Fault.NUMBER),
        ("１８ klanten, ½ ervan weg.", Fault.NUMBER),
        ("1\u200b8 klanten.", Fault.NUMBER),
        ("Omzet € 8,8 mln.", Fault.NUMBER),
        ("Omzet € 902.", Fault.NUMBER),
        ("Bol.com steeg +8 %.", Fault.NUMBER),
        ("Omzet 99 miljoen.", Fault.NUMBER),
        ("Omzet 99 miljoen. [why-they-leave]", Fault.NUMBER),
        ("Hooguit 7 %.\nZie daarvoor [abc.1].", Fault.NUMBER),
        ("Doe dit. [nergens]", Fault.CITATION),
        ("Doe dit. [abc.2]", Fault.CITATION),
        ("Zie https://evil.example [abc.1].", Fault.LINK),
        ("Zie evil.example voor meer.", Fault.LINK),
        ("Zie evil . example of www.evil", Fault.LINK),
        ("Zie bol.com/login", Fault.LINK),
        ("Zie hxxps evil", Fault.LINK),
        ("Zie evil (dot) example", Fault.LINK),
        ("Zie 10.0.0.1", Fault.LINK),
        ("Mail jan@evil.example", Fault.LINK),
        ("mailto:jan", Fault.LINK),
        ("[klik](hier)", Fault.MARKUP),
        ("![x](y)", Fault.MARKUP),
        ("<@U123> kijk", Fault.MARKUP),
        ("<!channel> kijk", Fault.MARKUP),
        ("<img src=x>", Fault.MARKUP),
        ("&lt;at&gt;", Fault.MARKUP),
        ("@channel kijk", Fault.MENTION),
        ("Vraag @jan", Fault.MENTION),
        ("＠channel kijk", Fault.MENTION),
        ("#general", Fault.MENTION),
    ],
)
def test_what_they_did_not_say_is_not_shown(text: str, why: Fault) -> None:
    assert fault(text, HELD) is why


def test_advice_must_rest_on_something() -> None:
    bare = Evidence(cards={"who-signs": "Vraag wie tekent."})
    assert fault("Vraag wie tekent.", bare) is Fault.GROUND
    assert fault("Vraag wie tekent.", bare, finished=False) is None
    assert fault("Vraag wie tekent. [who-signs]", bare) is None


def test_citations_are_read_once_each_and_taken_out() -> None:
    text = "Doe dit [a] en dat [b]. En dit [a]."
    assert citations(text) == ("a", "b")
    assert without_citations(text) == "Doe dit en dat. En dit."
