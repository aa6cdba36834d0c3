"""The win model beside its snapshot on disk: fitted once a refresh, read by every question."""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from analytics.snapshot import Snapshot
from analytics.winmodel.evaluation import Quality
from analytics.winmodel.facts import Kind
from analytics.winmodel.features import Encoder
from analytics.winmodel.model import Fit, Reason, WinModel, failed, win_model

log = logging.getLogger("ballotage.winmodel")

FILE = "winmodel.json"
FORMAT = 1
"""Raised when the file changes shape; a file of another format is fitted anew."""


def keep(snapshot: Snapshot, folder: Path, today: dt.date | None = None) -> None:
    """Fit the model and save it in the folder of a snapshot that is not published yet.

    Writes nothing where there are no deals. Never raises: revenue must not stay behind because the
    deals are odd. What went wrong is logged, and answers say that there is no model.
    """
    if not len(snapshot.deals):
        return
    try:
        save(_fitted(snapshot, today), folder)
    except OSError:
        log.exception("winmodel.not_saved folder=%s", folder)


def save(model: WinModel, folder: Path) -> None:
    """Write a model into a snapshot's folder; call it before the snapshot is published."""
    (folder / FILE).write_text(dumped(model), encoding="utf-8")


def saved(folder: Path | None) -> WinModel | None:
    """The model in a snapshot's folder; None where there is none of this format."""
    if folder is None:
        return None
    try:
        return loaded((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def model_of(snapshot: Snapshot) -> WinModel:
    """The model of a snapshot (cached): as it was saved, else fitted now. Never raises."""
    return snapshot.cached("win_model", lambda: saved(snapshot.folder) or _fitted(snapshot, None))


def _fitted(snapshot: Snapshot, today: dt.date | None) -> WinModel:
    try:
        return win_model(snapshot, today or snapshot.meta.created_at.date())
    except Exception:
        log.exception("winmodel.failed version=%s", snapshot.meta.version)
        return failed(snapshot)


def dumped(model: WinModel) -> str:
    """A model as JSON; the inverse of `loaded`."""
    fit = model.fit
    return json.dumps(
        {
            "format": FORMAT,
            "quality": asdict(model.quality),
            "reason": model.reason.value if model.reason else None,
            "base_rate": model.base_rate,
            "kinds": {n: k.value for n, k in model.kinds.items()},
            "importance": dict(model.importance),
            "dropped": dict(model.dropped),
            "fit": {
                "encoders": [e.to_json() for e in fit.encoders],
                "coefficients": fit.coefficients.tolist(),
                "intercept": fit.intercept,
            }
            if fit
            else None,
        },
        ensure_ascii=False,
    )


def loaded(text: str) -> WinModel:
    """Read what `dumped` wrote; ValueError where it is of another format."""
    raw: dict[str, Any] = json.loads(text)
    if raw["format"] != FORMAT:
        raise ValueError(raw["format"])
    quality = dict(raw["quality"])
    if quality["auc_ci"] is not None:
        quality["auc_ci"] = tuple(quality["auc_ci"])
    fit = raw["fit"]
    return WinModel(
        quality=Quality(**quality),
        reason=Reason(raw["reason"]) if raw["reason"] else None,
        base_rate=raw["base_rate"],
        fit=Fit(
            tuple(Encoder.from_json(e) for e in fit["encoders"]),
            np.array(fit["coefficients"], dtype=np.float64),
            float(fit["intercept"]),
        )
        if fit
        else None,
        kinds={n: Kind(k) for n, k in raw["kinds"].items()},
        importance=raw["importance"],
        dropped=raw["dropped"],
    )
