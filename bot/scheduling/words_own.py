"""What situations say to a rep, and in a quiet week: headline, evidence, one thing to do, the measure's name.

English message ids; the figures of a finding fill the {names}. `card` is the principle beneath it.
"""

from __future__ import annotations

from bot.i18n import N_
from bot.scheduling.wording import Words

OWN: dict[str, Words] = {
    "own-client-quiet": Words(
        "call-the-quiet-one",
        N_("Your client {client} has gone quiet: no invoice for {gap}, where {usual} is normal."),
        N_(
            "Last invoice {last}. {revenue} in 12 months, {share} of revenue, number {rank} "
            "of {customers}."
        ),
        N_("Call {client} before you make another quote elsewhere: what has changed?"),
        N_("Silence of {subject}"),
    ),
    "own-win": Words(
        "celebrate-the-win",
        N_("You won {prospect}: {amount}."),
        N_(
            "Closed on {closed}, came in by {channel}. It belongs to the largest quarter of "
            "your {wins} wins in 12 months."
        ),
        N_("Write down in two lines what decided it, and thank whoever opened the door."),
        N_("The deal with {subject}"),
    ),
    "own-declined-open": Words(
        "say-no-early",
        N_("{prospect} is still open, though the ballotage declined it on {date}."),
        N_("Such deals of yours: {deals}, together {value}."),
        N_("Say no this week, and give the hour to a client you want more of."),
        N_("Declined and still open"),
    ),
    "own-introduction": Words(
        "ask-for-the-introduction",
        N_(
            "Your client {client} has been with you for {years} years, and in a year you did "
            "not note asking for an introduction."
        ),
        N_(
            "{revenue} in 12 months, number {rank} of {customers}. Clients asked by all of "
            "you in 12 months: {asked}."
        ),
        N_("Ask {client} this week: who do you know that should meet us? One name is enough."),
        N_("Clients asked for an introduction in 12 months"),
    ),
    "own-deal-silent": Words(
        "silence-after-the-quote",
        N_("No noted contact with {prospect} for {gap}."),
        N_("Last on {last}; open since {created}, {amount}."),
        N_("Call {prospect} once, with one question: shall we do this, or shall I close it?"),
        N_("Silence around {subject}"),
    ),
    "own-deal-unjudged": Words(
        "earn-the-seat",
        N_("{prospect} has been in your pipeline for {age}, and was never put to the ballotage."),
        N_("Open since {created}, {amount}."),
        N_("Type /qualify {prospect}: a minute now saves weeks."),
        N_("Age of the deal with {subject}"),
    ),
    "own-deal-old": Words(
        "who-signs",
        N_("{prospect} has been open for {age}; what you win usually takes {usual}."),
        N_("Open since {created}, {amount}."),
        N_("Ask who signs, and when. No date this week? Close it, and leave the door ajar."),
        N_("Age of the deal with {subject}"),
    ),
    "own-nothing-new": Words(
        "open-the-founders-book",
        N_("No new deal for {gap}."),
        N_("The last one is of {last}; new in the 13 weeks before: {before}."),
        N_("Ask two clients you are proud of for an introduction this week."),
        N_("Time since your newest deal"),
    ),
    "own-too-many": Words(
        "thin-the-pipeline",
        N_("You have {open} open deals at once: more than you can call in a week."),
        N_("Together {value}; the five largest are {first5} of it."),
        N_("Choose five for this week, and give the others an honest date or an honest no."),
        N_("Open deals"),
    ),
    "quiet-week-won": Words(
        "celebrate-the-win",
        N_("Celebrate this one: {prospect} was won, {amount}."),
        N_("Closed on {closed}, came in by {channel}."),
        N_("Tell the team what went well there."),
        N_("The deal with {subject}"),
    ),
    "quiet-week-grew": Words(
        "celebrate-the-win",
        N_(
            "Celebrate this one: {client} grew most, to {now} in 13 weeks, {change} against a"
            " year ago."
        ),
        N_("The same weeks a year ago: {then}. Number {rank} of {customers}."),
        N_("Thank whoever looks after {client}."),
        N_("Growth of {subject} against a year ago"),
    ),
    "quiet-week-stayed": Words(
        "celebrate-the-win",
        N_("Celebrate this one: {client} has been a client since {since}."),
        N_("{revenue} in 12 months, number {rank} of {customers}."),
        N_("Send {client} a card, by hand."),
        N_("Revenue of {subject} in 12 months"),
    ),
}
