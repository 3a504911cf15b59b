"""From the form and the canvas to a picture on the canvas."""
