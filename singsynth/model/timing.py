r"""The timing model: when each phone of a score is sung.

Blaauw and Bonada 2017 (journal version), section 3.6. Note onset means *vowel* onset: consonants
are sung before the beat, in time taken from the note or rest before. Two small networks predict

- the deviation of each note's onset from the score, in seconds;
- the logarithm of each phone's duration;

both as a Gaussian's mean and log scale. :func:`fit` then lays the phones out so that they fill the
score exactly: between one vowel onset and the next stand the vowel, what closes its syllable, a
rest if there is one, and the consonants that lead to the next vowel. A rest gives way first;
consonants shrink only as far as the vowel needs to keep half of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from singsynth.model.controls import FloatArray, code_duration
from singsynth.song import REST, Note, Phone

LEAST_VOWEL_SHARE = 0.5
"""Share of the time between two vowel onsets (less any rest) that the vowel keeps."""

LEAST_REST_S = 0.03
"""A shorter rest is no rest: the note before is held."""

LONGEST_DEVIATION_S = 0.08
LONGEST_ONSET_S = 0.22
"""Consonants before the first note, and after rests, are no longer than this together."""

REST_AFTER_S = 0.01
"""A gap between notes beyond this is a rest."""

INTERVAL_SEMITONES = 12.0
ROLES = ("onset", "nucleus", "coda")
NUM_NOTE_NUMBERS = 11
NUM_PHONE_NUMBERS = 8


@dataclass(frozen=True)
class TimingConfig:
    """Size and regularisation of both networks."""

    channels: int = 64
    dropout: float = 0.2


class TimingModel(nn.Module):
    """Onset deviations and phone durations of one singer."""

    def __init__(self, phones: Sequence[str], config: TimingConfig) -> None:
        super().__init__()
        self.config = config
        self.phones = tuple(phones)
        self.index = {symbol: i for i, symbol in enumerate(self.phones)}
        count = len(self.phones) + 1  # the last code stands for no phone
        self.onset_net = _network(NUM_NOTE_NUMBERS + count, config)
        numbers = NUM_PHONE_NUMBERS + len(ROLES) + NUM_NOTE_NUMBERS
        self.duration_net = _network(numbers + 3 * count, config)

    def _one_hot(self, symbol: str | None) -> FloatArray:
        code = np.zeros(len(self.phones) + 1)
        code[self.index[symbol] if symbol is not None else -1] = 1.0
        return code

    def note_inputs(self, notes: Sequence[Note]) -> FloatArray:
        """Inputs of the onset network, (num_notes, inputs)."""
        numbers = note_numbers(notes)
        first = [n.syllable.phones[0] if n.syllable and n.syllable.phones else None for n in notes]
        return np.concatenate([numbers, np.stack([self._one_hot(s) for s in first])], axis=1)

    def phone_inputs(self, notes: Sequence[Note]) -> tuple[FloatArray, list[tuple[int, int, str]]]:
        """Inputs of the duration network for every phone that the notes' syllables name.

        Returns
        -------
        inputs, places
            (num_phones, inputs) and, for each, (note index, index in the syllable, role).
        """
        numbers = note_numbers(notes)
        flat: list[tuple[str, int, int, str, int, int]] = []
        for n, note in enumerate(notes):
            if note.syllable is None:
                continue
            place = 0
            for role in ROLES:
                group: tuple[str, ...] = getattr(note.syllable, role)
                for i, symbol in enumerate(group):
                    flat.append((symbol, n, place, role, i, len(group)))
                    place += 1
        width = NUM_PHONE_NUMBERS + len(ROLES) + NUM_NOTE_NUMBERS + 3 * (len(self.phones) + 1)
        rows = np.zeros((len(flat), width), dtype=np.float32)
        for i, (symbol, n, _, role, within, of) in enumerate(flat):
            before = flat[i - 1][0] if i else None
            after = flat[i + 1][0] if i + 1 < len(flat) else None
            gap = notes[n].start_s - notes[n - 1].end_s if n else 1.0
            last = notes[n - 1].duration_s if n else 1.0
            own = np.array(
                [
                    within / 4,
                    (of - within - 1) / 4,
                    float(gap > REST_AFTER_S),
                    float(code_duration(np.array(gap))),
                    float(code_duration(np.array(last))),
                    float(code_duration(np.array(notes[n].duration_s))),
                    min(last, 0.5) * 2,
                    min(notes[n].duration_s, 0.5) * 2,
                ]
            )
            is_role = np.array([float(role == r) for r in ROLES])
            neighbours = [self._one_hot(s) for s in (before, symbol, after)]
            rows[i] = np.concatenate([own, is_role, numbers[n], *neighbours])
        places = [(n, place, role) for _, n, place, role, _, _ in flat]
        return rows, places

    def forward(self, inputs: Tensor, which: str) -> tuple[Tensor, Tensor]:
        """Mean and log scale, each (num,): of deviations in units of 20 ms, or of log seconds."""
        network = self.onset_net if which == "onset" else self.duration_net
        mean, log_scale = network(inputs).unbind(-1)
        return mean, log_scale.clamp(-4, 2)

    @torch.inference_mode()
    def predict(self, notes: Sequence[Note]) -> tuple[FloatArray, list[FloatArray]]:
        """Most likely deviations (num_notes,) and, per note, durations of its syllable's phones."""
        deviations, _ = self(torch.from_numpy(self.note_inputs(notes)).float(), "onset")
        inputs, places = self.phone_inputs(notes)
        durations: list[list[float]] = [[] for _ in notes]
        if places:
            log_s, _ = self(torch.from_numpy(inputs).float(), "duration")
            for (n, _, _), value in zip(places, log_s.exp().tolist(), strict=True):
                durations[n].append(value)
        limit = LONGEST_DEVIATION_S
        bounded = np.clip(deviations.double().numpy() * DEVIATION_UNIT_S, -limit, limit)
        return bounded, [np.array(d) for d in durations]


DEVIATION_UNIT_S = 0.02
"""Deviations are learnt in units of this."""


def _network(inputs: int, config: TimingConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, config.channels),
        nn.Tanh(),
        nn.Dropout(config.dropout),
        nn.Linear(config.channels, config.channels),
        nn.Tanh(),
        nn.Dropout(config.dropout),
        nn.Linear(config.channels, 2),
    )


def note_numbers(notes: Sequence[Note]) -> FloatArray:
    """What both networks know of each note, (num_notes, NUM_NOTE_NUMBERS), roughly in [-1, 1]."""
    start = np.array([n.start_s for n in notes])
    end = np.array([n.end_s for n in notes])
    pitch = np.array([n.pitch for n in notes])
    length = code_duration(end - start)
    gap = np.append(1.0, start[1:] - end[:-1])  # before each note
    rest_before = (gap > REST_AFTER_S).astype(float)
    rest_after = np.append(rest_before[1:], 1.0)
    interval = np.clip(np.diff(pitch) / INTERVAL_SEMITONES, -1, 1)
    phrase = np.cumsum(rest_before)
    order = np.arange(len(notes))
    first = np.array([order[phrase == p].min() for p in phrase])
    last = np.array([order[phrase == p].max() for p in phrase])
    columns = [
        length,
        np.append(0.0, length[:-1]),
        np.append(length[1:], 0.0),
        np.append(0.0, interval),
        np.append(interval, 0.0),
        rest_before,
        rest_after,
        code_duration(np.maximum(gap, 0.0)) * rest_before,
        np.exp(-(order - first) / 2.0),
        np.exp(-(last - order) / 2.0),
        np.array([float(n.syllable is None or not n.syllable.nucleus) for n in notes]),
    ]
    return np.stack(columns, axis=1)


# -- fitting --------------------------------------------------------------------------------------


def fit(
    notes: Sequence[Note],
    deviations_s: FloatArray,
    durations_s: Sequence[FloatArray],
    begin_s: float,
    end_s: float,
) -> tuple[Phone, ...]:
    """Lay phones out in time.

    Parameters
    ----------
    notes
        With syllables; a note without nucleus holds the vowel before it.
    deviations_s
        (num_notes,): vowel onset less score onset.
    durations_s
        Of each note, what its syllable's phones would like to last.
    begin_s, end_s
        Silence fills the time from here to the first phone, and from the last to there.

    Returns
    -------
    Phones in order, without gaps, from ``begin_s`` to ``end_s``.
    """
    if not notes:
        return (Phone(REST, begin_s, end_s - begin_s),)
    onsets = _performed_onsets(notes, deviations_s)
    phones: list[Phone] = []
    lead = _wanted(notes[0], durations_s[0], "onset")
    lead *= min(1.0, min(LONGEST_ONSET_S, onsets[0] - begin_s) / max(lead.sum(), 1e-9))
    phones.append(Phone(REST, begin_s, onsets[0] - lead.sum() - begin_s))
    phones += _lay(_symbols(notes[0], "onset"), lead, onsets[0] - lead.sum(), 0)
    held = ""
    for i, note in enumerate(notes):
        final = i + 1 == len(notes)
        stop = end_s if final else onsets[i + 1]
        note_end = min(note.end_s, stop) if final or _rest_after(notes, i) else stop
        coda = _wanted(note, durations_s[i], "coda")
        lead = np.zeros(0) if final else _wanted(notes[i + 1], durations_s[i + 1], "onset")
        rest = stop - note_end
        if rest > REST_AFTER_S:
            lead *= min(1.0, LONGEST_ONSET_S / max(lead.sum(), 1e-9))
        sung = note_end - onsets[i]
        # What does not fit into the rest is taken from the note, down to the vowel's share.
        from_rest = min(rest, lead.sum())
        if rest - from_rest < LEAST_REST_S:
            sung, from_rest, rest = sung + rest, 0.0, 0.0
        room = (1 - LEAST_VOWEL_SHARE) * sung
        needed = coda.sum() + lead.sum() - from_rest
        if needed > room:
            squeeze = (room + from_rest) / (coda.sum() + lead.sum())
            if squeeze * lead.sum() < from_rest:  # the lead fits the rest: the coda alone is long
                lead *= from_rest / max(lead.sum(), 1e-9)
                coda *= room / max(coda.sum(), 1e-9)
            else:
                coda, lead = coda * squeeze, lead * squeeze
        vowel = sung - coda.sum() - (lead.sum() - from_rest)
        nucleus = _symbols(note, "nucleus")
        continues = not nucleus
        held = nucleus[-1] if nucleus else held or REST
        shares = np.full(max(1, len(nucleus)), vowel / max(1, len(nucleus)))
        phones += _lay(nucleus or (held,), shares, onsets[i], i, continues)
        phones += _lay(_symbols(note, "coda"), coda, onsets[i] + vowel, i)
        silence = rest - from_rest
        at = onsets[i] + vowel + coda.sum()
        if silence > 1e-9 or final:
            phones.append(Phone(REST, at, max(silence, 0.0)))
        if not final:
            phones += _lay(_symbols(notes[i + 1], "onset"), lead, stop - lead.sum(), i + 1)
    return tuple(phone for phone in phones if phone.duration_s > 1e-9)


def _symbols(note: Note, role: str) -> tuple[str, ...]:
    symbols: tuple[str, ...] = getattr(note.syllable, role) if note.syllable else ()
    return symbols


def _wanted(note: Note, durations_s: FloatArray, role: str) -> FloatArray:
    """Durations of one role of a syllable, a copy, (count,)."""
    if note.syllable is None:
        return np.zeros(0)
    first = sum(len(_symbols(note, r)) for r in ROLES[: ROLES.index(role)])
    return np.array(durations_s[first : first + len(_symbols(note, role))], dtype=np.float64)


def _rest_after(notes: Sequence[Note], i: int) -> bool:
    return notes[i + 1].start_s - notes[i].end_s > REST_AFTER_S


def _lay(
    symbols: Sequence[str], lengths: FloatArray, start_s: float, note: int, continues: bool = False
) -> list[Phone]:
    starts = start_s + np.append(0.0, np.cumsum(lengths))
    return [
        Phone(symbol, float(starts[k]), float(lengths[k]), note, continues and k == 0)
        for k, symbol in enumerate(symbols)
    ]


def _performed_onsets(notes: Sequence[Note], deviations_s: FloatArray) -> FloatArray:
    """Score onsets plus deviations, each bounded by a quarter of the notes on either side."""
    start = np.array([n.start_s for n in notes])
    length = np.array([n.duration_s for n in notes])
    before = np.append(np.inf, length[:-1]) / 4
    bound = np.minimum(np.minimum(before, length / 4), LONGEST_DEVIATION_S)
    return start + np.clip(deviations_s, -bound, bound)
