"""Pictures of a performance: notes with F0 over them, phones, and the spectral envelope.

Drawn with matplotlib, without a screen.
"""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from singsynth.acoustics.features import semitones
from singsynth.song import REST, pitch_name

if TYPE_CHECKING:
    from singsynth.performance import Performance

NOTE_COLOUR, F0_COLOUR = "#f2c14e", "#2f4b7c"
LONGEST_PLOT_S = 30.0
"""A notebook shows this much; more would not be legible."""


def plot_performance(
    performance: Performance, start_s: float = 0.0, end_s: float | None = None
) -> Any:
    """Notes and F0 above, phones between, envelope below, from ``start_s`` to ``end_s``."""
    from matplotlib.figure import Figure

    end_s = performance.song.duration_s if end_s is None else end_s
    figure = Figure(
        figsize=(min(16.0, max(8.0, 1.2 * (end_s - start_s))), 6.0), layout="constrained"
    )
    notes_axes, envelope_axes = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    hop = performance.voice.spec.hop_s
    times = np.arange(len(performance.f0_hz)) * hop - performance.head_s
    pitch = semitones(performance.f0_hz)
    pitch = np.where(performance.features.voicing, pitch, np.nan)
    shown = [n for n in performance.part.notes if n.end_s > start_s and n.start_s < end_s]
    for note in shown:
        notes_axes.barh(
            note.pitch, note.duration_s, 0.8, note.start_s, color=NOTE_COLOUR, edgecolor="white"
        )
    notes_axes.plot(times, pitch, color=F0_COLOUR, linewidth=1.2)
    pitches = [n.pitch for n in shown] or [60.0]
    low, high = round(min(pitches)) - 3, round(max(pitches)) + 3
    notes_axes.set_ylim(low, high)
    ticks = list(range(low + 1, high, 2))
    notes_axes.set_yticks(ticks, [pitch_name(t) for t in ticks])
    notes_axes.set_ylabel("note and F0")
    notes_axes.grid(axis="y", alpha=0.3)
    for phone in performance.phones:
        if phone.symbol != REST and start_s <= phone.start_s < end_s:
            notes_axes.axvline(phone.start_s, color="#999999", linewidth=0.4)
            middle = phone.start_s + phone.duration_s / 2
            notes_axes.text(middle, low + 0.3, phone.symbol, ha="center", fontsize=7, clip_on=True)
    harmonic = performance.features.harmonic
    top = float(harmonic.max())
    envelope_axes.imshow(
        harmonic.T,
        origin="lower",
        aspect="auto",
        extent=(times[0], times[-1], 0, harmonic.shape[1]),
        vmin=top - 80,
        vmax=top,
        cmap="magma",
    )
    envelope_axes.set_ylabel("envelope (mel band)")
    envelope_axes.set_xlabel("seconds")
    envelope_axes.set_xlim(start_s, end_s)
    return figure


def performance_html(performance: Performance) -> str:
    """An audio player and the picture of the first half minute, for a notebook."""
    from singsynth.acoustics import encode_wav

    picture = io.BytesIO()
    end = min(performance.song.duration_s, LONGEST_PLOT_S)
    plot_performance(performance, 0.0, end).savefig(picture, format="png", dpi=80)
    sound = encode_wav(performance.samples, performance.sample_rate)
    title = html.escape(performance.song.title or "song")
    return (
        f"<div><b>{title}</b>, {html.escape(performance.voice.info.title)}<br>"
        f'<audio controls src="data:audio/wav;base64,{_base64(sound)}"></audio><br>'
        f'<img style="max-width:100%" alt="notes, F0 and envelope" '
        f'src="data:image/png;base64,{_base64(picture.getvalue())}"></div>'
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
