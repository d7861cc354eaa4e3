"""From recordings of a singer to a voice: the only room that learns.

::

    recipe.prepare   recordings, labels, notes      -> Recording
    match_notes      labels tied to notes           -> Example
    extract          sound                          -> features, cached
    check            bad data, found before hours are spent on it
    train            timing, pitch, timbre          -> weights
    evaluate         figures on songs never heard
    pack                                            -> a voice package

:func:`singsynth.training.pipeline.run` takes the steps in order; nothing else imports this room.
"""
