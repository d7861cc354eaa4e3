"""Draw the pictures of docs/results.md: singer, voice and baseline for a stretch of one song.

Usage: python docs/make_figures.py --data PJS_corpus [--work runs/pjs] [--song pjs088]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from singsynth.acoustics.features import hertz, semitones
from singsynth.model.pitch import performed_line, straight_glides
from singsynth.song import REST, pitch_name
from singsynth.stages import predict_pitch, predict_timbre
from singsynth.training.baseline import fit_baseline
from singsynth.training.material import Material
from singsynth.training.recipe import load_recipe
from singsynth.voice import load_voice

ROOT = Path(__file__).resolve().parents[1]
SINGER, VOICE, BASELINE, NOTES = "#555555", "#2f4b7c", "#d45087", "#f2c14e"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/pjs"))
    parser.add_argument("--voice", default="pjs")
    parser.add_argument("--song", default="pjs088")
    parser.add_argument("--start", type=float, default=3.8)
    parser.add_argument("--end", type=float, default=8.3)
    arguments = parser.parse_args()

    voice = load_voice(arguments.voice)
    recipe_dir = ROOT / "recipes" / voice.info.recipe
    material = Material(load_recipe(recipe_dir), recipe_dir, arguments.data, arguments.work)
    song = material.songs([arguments.song])[0]
    example, truth = song.example, song.features
    hop = voice.spec.hop_s
    times = np.arange(len(truth)) * hop
    baseline = fit_baseline(material.split[0], hop)
    made = predict_timbre(example.phones, truth.f0_hz, voice, seed=1)
    plain = baseline.timbre(example.phones, truth.f0_hz, hop)
    glides = straight_glides(performed_line(example.part.notes, example.phones), times)
    f0 = predict_pitch(example.part, example.phones, voice, seed=1)[: len(truth)]
    span = (arguments.start, arguments.end)
    folder = ROOT / "docs" / "figures"
    folder.mkdir(exist_ok=True)

    figure = Figure(figsize=(11, 8), layout="constrained")
    top = float(truth.harmonic.max())
    for axes, (title, features) in zip(
        figure.subplots(3, 1, sharex=True),
        (("singer", truth), (f"voice {voice.info.name}", made), ("baseline", plain)),
        strict=True,
    ):
        axes.imshow(
            features.harmonic.T,
            origin="lower",
            aspect="auto",
            extent=(0, times[-1], 0, features.harmonic.shape[1]),
            vmin=top - 80,
            vmax=top,
            cmap="magma",
        )
        axes.plot(
            times[: len(features)], np.where(features.voicing, 1.0, np.nan), color="white", lw=3
        )
        axes.set_ylabel(f"{title}\nmel band")
        axes.set_xlim(*span)
        _mark_phones(axes, example.phones, span)
    axes.set_xlabel(f"seconds of {example.name}; the white line marks voiced frames")
    figure.savefig(folder / "envelopes.png", dpi=90)

    figure = Figure(figsize=(11, 5), layout="constrained")
    axes = figure.subplots()
    for note in example.part.notes:
        axes.barh(note.pitch, note.duration_s, 0.6, note.start_s, color=NOTES, edgecolor="white")
    for label, hz, colour, width in (
        ("straight glides", hertz(glides), BASELINE, 1.0),
        ("singer", truth.f0_hz, SINGER, 2.2),
        (f"voice {voice.info.name}", f0, VOICE, 1.8),
    ):
        curve = np.where(truth.voicing[: len(hz)], semitones(hz), np.nan)
        axes.plot(times[: len(curve)], curve, color=colour, lw=width, label=label)
    shown = [n.pitch for n in example.part.notes if span[0] < n.start_s < span[1]]
    low, high = int(min(shown)) - 3, int(max(shown)) + 3
    axes.set_ylim(low, high)
    axes.set_yticks(range(low, high), [pitch_name(p) for p in range(low, high)])
    axes.set_xlim(*span)
    axes.grid(axis="y", alpha=0.3)
    axes.legend()
    axes.set_xlabel(f"seconds of {example.name}")
    _mark_phones(axes, example.phones, span)
    figure.savefig(folder / "f0.png", dpi=90)


def _mark_phones(axes, phones, span):
    bottom, top = axes.get_ylim()
    for phone in phones:
        if phone.symbol != REST and span[0] <= phone.start_s < span[1]:
            axes.axvline(phone.start_s, color="#aaaaaa", lw=0.4)
            middle = phone.start_s + phone.duration_s / 2
            place = bottom + 0.02 * (top - bottom)
            axes.text(middle, place, phone.symbol, ha="center", fontsize=8, color="#888888")


if __name__ == "__main__":
    main()
