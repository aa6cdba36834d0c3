"""All rules, and running them."""

from __future__ import annotations

from analytics.situations import clients, hunting, own, people
from analytics.situations.finding import Audience, Finding, Rule
from analytics.situations.view import View

RULES: dict[str, Rule] = {
    rule.id: rule for rule in (*clients.RULES, *hunting.RULES, *people.RULES, *own.RULES)
}


def findings(view: View, audience: Audience) -> tuple[Finding, ...]:
    """Everything that holds now for an audience, the most urgent first, ties by name.

    For a rep the view must be the rep's (`names`); else their own would be everybody's.
    """
    if audience is Audience.SALES and not view.names:
        return ()
    found = [
        finding
        for rule in RULES.values()
        if rule.audience is audience
        for finding in rule.find(view)
    ]
    return tuple(sorted(found, key=lambda f: (-f.urgency, f.situation, f.subject)))
