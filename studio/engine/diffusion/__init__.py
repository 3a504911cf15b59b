"""The only place that imports torch, diffusers and transformers."""
