"""What situations say of sources, deals and people: headline, evidence, one thing to do, the measure's name.

English message ids; the figures of a finding fill the {names}. `card` is the principle beneath it.
"""

from __future__ import annotations

from bot.i18n import N_
from bot.scheduling.wording import Words

HUNTING: dict[str, Words] = {
    "alignment-low": Words(
        "hunt-where-they-came-from",
        N_(
            "You hunt in another wood than where your best clients came from: the overlap is "
            "{alignment}."
        ),
        N_(
            "By {channel}: {hunted} of the open pipeline, {brought} of top clients' revenue. "
            "By {best}: {best_share} of that revenue."
        ),
        N_("Cancel one activity for {channel} this month, and give those hours to {best}."),
        N_("Overlap of pipeline and top clients"),
    ),
    "pipeline-drifting": Words(
        "hunt-where-they-came-from",
        N_(
            "The pipeline is drifting away from where your best clients came from: the "
            "overlap is {now}; on {date} it was {then}."
        ),
        N_("By {channel}: {hunted} of the open pipeline, {brought} of top clients' revenue."),
        N_(
            "Go through the last five new deals with the team: which could have come through "
            "a client or your own network, had somebody asked?"
        ),
        N_("Overlap of pipeline and top clients"),
    ),
    "source-dried-up": Words(
        "dried-up-source",
        N_("The source {channel} has dried up: no new client for {silent}."),
        N_(
            "The last one on {last}; new in the year before the dry half year: {year}. It "
            "brings {top_share} of top clients' revenue."
        ),
        N_(
            "Find out who used to tend it, and have three people from that corner called this week."
        ),
        N_("Time without a new client by {subject}"),
    ),
    "ars-falling": Words(
        "what-sales-really-brings",
        N_("The sales team brings in less by itself: {now} of revenue; on {date} it was {then}."),
        N_(
            "{sales} of {total} in 12 months comes from clients won through the team's own "
            "channels."
        ),
        N_("Ask each rep for one client they won themselves this year, and how. Do more of that."),
        N_("Share of revenue won by sales"),
    ),
    "unknown-sources": Words(
        "fill-the-blank-source",
        N_("Of {part} of your revenue nobody wrote down where it came from."),
        N_(
            "{amount} in 12 months. Clients without a source: {clients}. Above 25% the ARS-"
            "indicator stays an interval."
        ),
        N_(
            "Take the ten largest without a source, ask who brought them in, and write it "
            "down this week."
        ),
        N_("Share of revenue of unknown source"),
    ),
    "pipeline-thin": Words(
        "thin-the-pipeline",
        N_("The open pipeline shrank to {now}; on {date} it was {then}."),
        N_("Open deals now: {open}; then: {open_then}."),
        N_(
            "Don't fill it with anyone who breathes. Have everyone ask one top client for an "
            "introduction this week."
        ),
        N_("Value of the open pipeline"),
    ),
    "pipeline-old": Words(
        "thin-the-pipeline",
        N_("Of the open deals {part} is older than {limit}; what you win usually takes {usual}."),
        N_("Old ones: {old} of {open}, together {value}."),
        N_("Go through them on Friday: each gets a date and a name that signs, or is closed."),
        N_("Share of old deals in the open pipeline"),
    ),
    "win-rate-dropping": Words(
        "test-them-too",
        N_(
            "You win less often: {now} of the deals closed in half a year, {then} in the half"
            " year before."
        ),
        N_("Won {won} of {closed}; before that {won_then} of {closed_then}."),
        N_(
            "Call three prospects who said no and ask what decided it. Then ask yourselves "
            "who should never have had a quote."
        ),
        N_("Share of closed deals that you won"),
    ),
    "win-to-celebrate": Words(
        "celebrate-the-win",
        N_("{owner} won {prospect}: {amount}."),
        N_(
            "Closed on {closed}, came in by {channel}. It belongs to the largest quarter of "
            "{wins} wins in 12 months."
        ),
        N_("Say it out loud in the next meeting, and say what {owner} did well."),
        N_("The deal with {subject}"),
    ),
    "hours-cold": Words(
        "best-hours-best-clients",
        N_(
            "Of the noted sales hours {part} goes to {channel}, which brought {brought} of "
            "top clients' revenue."
        ),
        N_("Hours in 13 weeks: {hours}."),
        N_("Swap the next day of it for visits to five of your best clients."),
        N_("Share of sales hours spent cold"),
    ),
    "declined-still-open": Words(
        "say-no-early",
        N_("Still open although the ballotage declined them: {deals}, together {value}."),
        N_("The largest is {prospect}, declined on {date}."),
        N_("Say no to {prospect} this week, kindly and clearly, and have the others closed."),
        N_("Declined and still open"),
    ),
    "effort-on-unfit-deals": Words(
        "earn-the-seat",
        N_("Of the hours on deals {part} goes to deals that the ballotage declines."),
        N_("Hours since {start}: {hours} of {all_hours}."),
        N_("Ask each rep which declined deal goes this week, and who gets the time."),
        N_("Share of deal hours on declined deals"),
    ),
    "verdicts-wrong": Words(
        "rules-at-the-door",
        N_("The ballotage missed: {wrong} of {judged} verdicts came out otherwise."),
        N_("Deals closed in half a year, compared with their verdict: {part} missed."),
        N_("Put the missed ones on the table in the MT, and change one condition."),
        N_("Share of verdicts that missed"),
    ),
    "pulse-dropping": Words(
        "what-you-tolerate",
        N_("The pulse on {topic} dropped to {now}; it was {then}."),
        N_(
            "Week of {week}, answers at least {answers}; before: week of {date}. On a scale "
            "of 1 to 5."
        ),
        N_("Ask in the next team meeting what makes this hard right now. Listen, don't explain."),
        N_("The pulse on {subject}"),
    ),
    "mt-time-low": Words(
        "eighty-for-people",
        N_(
            "In the week of {week} the MT gave {now} of its time to people; 80% is where it "
            "belongs."
        ),
        N_("Average over {people} members of the MT."),
        N_(
            "Take one meeting about figures out of this week, and have two conversations "
            "about people instead."
        ),
        N_("Share of MT time for people"),
    ),
    "question-answered": Words(
        "from-seeing-to-doing",
        N_("There is an answer now to what nobody could answer: “{question}”."),
        N_("Asked on {date}. The card: {title}."),
        N_("Read the card, and pass it on to whoever asked."),
        N_("The question"),
    ),
}
