"""Searches a voice for words that nobody wrote down and that wake something in it.

A text encoder and a duration predictor cost a hundredth of speaking, so a hundred thousand words can be read where a
thousand can be spoken. What a word does to the *rest* of its sentence is held against what ordinary words do
(:mod:`harness.hunting.gauge`); how far the furthest of so many would lie by chance says a tail
(:mod:`harness.hunting.tail`). All of that is the candidate's own word and only chooses: what stands out is spoken and
heard beside controls (:mod:`harness.hunting.confirming`), and nothing but that fails a voice.
"""
