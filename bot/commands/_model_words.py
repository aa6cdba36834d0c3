"""Whether the win model may be believed, in one line, and what of it goes into `data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.i18n import Localizer

if TYPE_CHECKING:
    from analytics.winmodel.model import WinModel


def trust_line(_: Localizer, model: WinModel) -> str:
    """One sentence: trusted, with what it was judged by, or why it says nothing."""
    from analytics.winmodel.model import Reason

    quality = model.quality
    if model.reason is None:
        return _(
            "trusted, with an AUC of {auc} on later deals than it learned from; n = {n} closed "
            "deals.",
            auc=_auc(_, model),
            n=_.number(quality.n),
        )
    match model.reason:
        case Reason.NOT_PREDICTIVE:
            return _(
                "not trusted, since your data does not predict who wins: AUC {auc}, n = {n} closed "
                "deals. So no chance of winning is shown.",
                auc=_auc(_, model),
                n=_.number(quality.n),
            )
        case Reason.TOO_FEW:
            return _(
                "not trusted, since {won} won and {lost} lost deals are too few; at least 100 of each are "
                "needed.",
                won=_.number(quality.won),
                lost=_.number(quality.lost),
            )
        case Reason.NO_DEALS:
            return _("none yet; load deals with: python app.py load deals=FILE")
        case Reason.NO_CLOSED_DEALS:
            return _("none yet, since no deal is closed, so nothing can be learned about winning.")
        case Reason.ALL_WON:
            return _(
                "none, since every closed deal was won; lost deals are needed too to learn what wins."
            )
        case Reason.ALL_LOST:
            return _(
                "none, since every closed deal was lost; won deals are needed too to learn what wins."
            )
        case Reason.FAILED:
            return _(
                "none, since it could not be made from these deals; the log says what went wrong."
            )


def model_data(model: WinModel) -> dict[str, Any]:
    """The quality of the model, as every answer that rests on it gives it in `data`."""
    quality = model.quality
    return {
        "auc": quality.auc,
        "auc_ci": None if quality.auc_ci is None else list(quality.auc_ci),
        "brier_skill": quality.brier_skill,
        "n": quality.n,
        "trusted": model.trusted,
    }


def _auc(_: Localizer, model: WinModel) -> str:
    quality = model.quality
    if quality.auc is None or quality.auc_ci is None:
        return "–"
    low, high = quality.auc_ci
    return _(
        "{auc} (95% interval {low} to {high})",
        auc=_.number(quality.auc, 2),
        low=_.number(low, 2),
        high=_.number(high, 2),
    )
