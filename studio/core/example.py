"""A prompt that the model which comes along does well."""

EXAMPLE_PROMPT = "a 3d mushroom in a forest"
