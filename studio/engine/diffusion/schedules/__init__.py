"""Noise levels: which ones a run goes through, for each kind of training."""
