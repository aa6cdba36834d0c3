"""What situations say of clients: headline, evidence, one thing to do, the measure's name.

English message ids; the figures of a finding fill the {names}. `card` is the principle beneath it.
"""

from __future__ import annotations

from bot.i18n import N_
from bot.scheduling.wording import Words

CLIENTS: dict[str, Words] = {
    "top-client-quiet": Words(
        "call-the-quiet-one",
        N_("{client} has gone quiet: no invoice for {gap}, where {usual} is normal."),
        N_(
            "Last invoice {last}. {revenue} in 12 months, {share} of revenue, number {rank} "
            "of {customers}."
        ),
        N_("Call {client} yourself this week and ask one question: what has changed on your side?"),
        N_("Silence of {subject}"),
    ),
    "top-client-back": Words(
        "loyal-is-not-granted",
        N_("{client} is back: invoiced on {last}, after {silent} of silence."),
        N_("{revenue} in 12 months, {share} of revenue, number {rank} of {customers}."),
        N_("Thank {client} for coming back, and ask what made them wait."),
        N_("Silence of {subject}"),
    ),
    "concentration-rising": Words(
        "steepening-curve",
        N_(
            "Your top is getting narrower: five clients bring {now} of revenue; on {date} "
            "that was {then}."
        ),
        N_("Share of the five largest clients in the revenue of 12 months."),
        N_(
            "Name two clients outside the top five that can grow, and give each a person and "
            "a first appointment this week."
        ),
        N_("Share of the five largest clients"),
    ),
    "largest-client-heavy": Words(
        "one-client-too-heavy",
        N_("{client} alone brings {share} of your revenue."),
        N_(
            "{revenue} in 12 months, number {rank} of {customers} clients. From 20% on that "
            "is dependence."
        ),
        N_("Type /whatif lose {client}, and take what remains to the next MT meeting."),
        N_("Share of {subject} in revenue"),
    ),
    "new-top-client": Words(
        "welcome-the-new-one",
        N_("{client} has become a top client: number {rank} of {top}."),
        N_("{revenue} in 12 months, {share} of revenue."),
        N_("Welcome them: somebody of the MT visits this month, and asks how they came to you."),
        N_("Revenue of {subject} in 12 months"),
    ),
    "top-client-lost": Words(
        "loyal-is-not-granted",
        N_("{client} dropped out of the top: {now} in 12 months; on {date} it was {then}."),
        N_("Number {rank} now, number {old_rank} then."),
        N_("Call and ask what you could have done better. Then decide whether you want them back."),
        N_("Revenue of {subject} in 12 months"),
    ),
    "client-rising": Words(
        "know-your-handful",
        N_("{client} is growing fast: {now} in 13 weeks, {change} against a year ago."),
        N_(
            "The same weeks a year ago: {then}. {revenue} in 12 months, number {rank} of "
            "{customers}."
        ),
        N_(
            "Visit them before they ask for a volume discount: where do they want to go, and "
            "what can you do for that?"
        ),
        N_("Growth of {subject} against a year ago"),
    ),
    "top-client-shrinking": Words(
        "loyal-is-not-granted",
        N_("{client} buys less: {now} in 13 weeks, {change} against a year ago."),
        N_(
            "The same weeks a year ago: {then}. {revenue} in 12 months, number {rank} of "
            "{customers}."
        ),
        N_(
            "Have whoever looks after {client} go by this week and ask who else is at their "
            "table now."
        ),
        N_("Change of {subject} against a year ago"),
    ),
    "top-client-without-owner": Words(
        "one-name-per-top-client",
        N_("Nobody's name stands beside {client}, number {rank} of your clients."),
        N_("{revenue} in 12 months, {share} of revenue, number {rank} of {customers}."),
        N_("Give {client} one name today, and let that person call to say so."),
        N_("Revenue of {subject} in 12 months"),
    ),
    "anniversary": Words(
        "make-introducing-easy",
        N_("On {day} {client} will have been a client for {years} years."),
        N_("Client since {since}. {revenue} in 12 months, number {rank} of {customers}."),
        N_("Call to congratulate, not to sell. Then ask who they know that would fit you as well."),
        N_("Revenue of {subject} in 12 months"),
    ),
    "introduction-landed": Words(
        "make-introducing-easy",
        N_("{client} came in through {introducer}."),
        N_(
            "First invoice on {first}. Clients that {introducer} brought in: {brought}. By "
            "introduction in 12 months: {year}."
        ),
        N_("Call {introducer} this week, say thank you, and tell how it went."),
        N_("New clients by introduction in 12 months"),
    ),
    "data-stale": Words(
        "know-your-handful",
        N_("The newest invoice I know of is {age} old."),
        N_("The data runs to {last}; every figure is as of that day."),
        N_("Have the invoices loaded this week: advice on old figures is a guess."),
        N_("Age of the data"),
    ),
    "no-introduction-asked": Words(
        "ask-for-the-introduction",
        N_(
            "{client} has been with you for {years} years, and in a year nobody noted asking "
            "them for an introduction."
        ),
        N_(
            "{revenue} in 12 months, number {rank} of {customers}. Clients asked in 12 "
            "months: {asked}."
        ),
        N_("Ask {client} this week: who do you know that should meet us? One name is enough."),
        N_("Clients asked for an introduction in 12 months"),
    ),
}
